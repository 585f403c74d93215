using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>What a room is at.</summary>
[JsonDerivedType(typeof(QuestionScene), "question")]
[JsonDerivedType(typeof(PresentationScene), "presentation")]
[JsonDerivedType(typeof(GameScene), "game")]
[JsonDerivedType(typeof(LessonScene), "lesson")]
[JsonDerivedType(typeof(LinkScene), "link")]
public abstract record Scene;

/// <summary>A place in a text: what the model has read up to there.</summary>
/// <param name="Text">The same for people.</param>
/// <param name="Model">The model whose tokens they are, by its id.</param>
public sealed record TextPlace(IReadOnlyList<int> PromptTokenIds, IReadOnlyList<int> CompletionTokenIds, string Text, string? Model = null);

/// <summary>The teacher's page is followed. The run itself lives beside the state: <see cref="Room.Run"/>.</summary>
/// <param name="Spotlight">The token that everybody looks at.</param>
/// <param name="RunId">What other nodes find the run by; null where there is one node, or no run yet.</param>
public sealed record PresentationScene(string Prompt, SamplingParams Sampling, SelectedToken? Spotlight, string? Model = null, string? RunId = null) : Scene;

/// <summary>Every student throws a dart at the same distribution.</summary>
/// <param name="Darts">As they were thrown. They stay when the temperature moves: the ruler changes under them.</param>
public sealed record GameScene(TextPlace Place, float Temperature, ulong Seed, ImmutableList<Dart> Darts) : Scene
{
    public const int MostDarts = 5_000;
    public const int MostOfOne = 10;
    public const float MaxTemperature = 2;
}

/// <param name="StudentId">Null for those that the teacher threw for the class.</param>
/// <param name="U">In [0, 1).</param>
public sealed record Dart(string? StudentId, double U);

/// <summary>A step of a lesson, done by everybody at their own desk.</summary>
/// <param name="Done">Who has passed the step's check, by student id.</param>
public sealed record LessonScene(string LessonId, int Step, ImmutableHashSet<string> Done) : Scene;

/// <summary>A page of the app that the teacher shows.</summary>
/// <param name="Address">Relative to the app's base, with its fragment.</param>
/// <param name="IsLive">It is followed: what it shows lives beside the state, <see cref="Room.View"/>. Else, and where that is not known, each student opens the page.</param>
public sealed record LinkScene(string Address, string Title, bool IsLive = false) : Scene;
