namespace Kl3m.Playground.Classroom;

/// <summary>Why a command did nothing.</summary>
/// <param name="Sentence">For the person who gave it.</param>
internal sealed record Refusal(RefusalKind Kind, string Sentence)
{
    public static Refusal NotTeacher { get; } = new(RefusalKind.NotAllowed, "Only the teacher can do that.");

    public static Refusal NotStudent { get; } = new(RefusalKind.NotAllowed, "Only students do that.");

    public static Refusal Stranger { get; } = new(RefusalKind.NotAllowed, "You are not in this room any more. Join again with the code.");

    public static Refusal Closed { get; } = new(RefusalKind.Gone, "This room is closed.");

    public static Refusal Frozen { get; } = new(RefusalKind.Later, "The teacher has paused the room. Look at the front.");

    public static Refusal Away { get; } = new(RefusalKind.Later, "The servers have lost each other for a moment, and nothing was changed. Try again in a few seconds.");

    public static Refusal Late { get; } = new(RefusalKind.Gone, "The class has moved on.");
}

internal enum RefusalKind
{
    NotAllowed,

    /// <summary>The same may work later.</summary>
    Later,

    /// <summary>What it was about is over.</summary>
    Gone,

    /// <summary>A value does not fit.</summary>
    Invalid,
}
