using System.Collections.Immutable;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// A room at one moment. It never changes: each command makes the next one. It can be written as JSON and holds no key, only hashes, and no
/// probability before the class has seen it.
/// </summary>
internal sealed record RoomState
{
    public required string Code { get; init; }

    public required string TeacherKeyHash { get; init; }

    /// <summary>Grows with each change.</summary>
    public long Version { get; init; }

    /// <summary>The last command.</summary>
    public DateTimeOffset LastActive { get; init; }

    /// <summary>Nobody new comes in; whoever was in may come back.</summary>
    public bool Locked { get; init; }

    /// <summary>Students look and do nothing.</summary>
    public bool Frozen { get; init; }

    public bool Closed { get; init; }

    public RoomLimits Limits { get; init; } = new();

    public ImmutableList<Student> Students { get; init; } = [];

    /// <summary>What the room is at now; null is the lobby.</summary>
    public Scene? Scene { get; init; }

    /// <summary>Which of the model's distributions the scene is about: its <see cref="NextToken.Id"/>. The numbers themselves are kept elsewhere.</summary>
    public string? Row { get; init; }

    /// <summary>The questions that were revealed.</summary>
    public ImmutableList<QuestionResult> Results { get; init; } = [];

    /// <summary>How many questions were asked.</summary>
    public int Questions { get; init; }

    public Student? Find(string studentId) => Students.Find(student => student.Id == studentId);
}

/// <param name="Id">Short and public; what a student may do follows from the key.</param>
/// <param name="Bits">Surprisal of the student's guesses so far: the model's -log2 for each.</param>
/// <param name="Guesses">How many of them were counted; one whose probability a server does not tell is not.</param>
public sealed record Student(string Id, string Name, string KeyHash, double Bits = 0, int Guesses = 0);

/// <summary>What one student may ask of the engine.</summary>
/// <param name="RunningTokens">New tokens that may be in work or wait at once; 0 lets students generate nothing of their own.</param>
/// <param name="RequestsPerMinute">How often Generate works in any minute.</param>
internal sealed record RoomLimits(int RunningTokens = 1024, int RequestsPerMinute = 12)
{
    public const int MostTokens = 100_000;
    public const int MostRequests = 600;
}

/// <summary>What a revealed question came to.</summary>
/// <param name="TokenId">The token that the model drew.</param>
/// <param name="ClassBits">What it cost the class: -log2 of its share of the votes, see <see cref="QuestionScene.ClassShare"/>.</param>
/// <param name="ModelBits">What it cost the model: -log2 of its raw probability.</param>
/// <param name="Model">Whose token it is, by its id.</param>
internal sealed record QuestionResult(int Number, int TokenId, int Votes, double ClassBits, double ModelBits, string? Model = null);
