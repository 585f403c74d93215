using System.Text.Json.Serialization;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>What a node tells all others. It may be lost: each is told again, or found out, at the next beat.</summary>
[JsonDerivedType(typeof(RoomChanged), "changed")]
[JsonDerivedType(typeof(RoomPresence), "presence")]
[JsonDerivedType(typeof(RunGrew), "run")]
[JsonDerivedType(typeof(TrySpent), "try")]
internal abstract record RoomNews
{
    /// <summary>Who says it.</summary>
    public string Node { get; init; } = "";
}

/// <summary>A room has a newer state to be read.</summary>
internal sealed record RoomChanged(string Code, long Version) : RoomNews;

/// <summary>Who has a page of the room open at this node.</summary>
/// <param name="Version">The newest that this node has.</param>
/// <param name="Asks">Others should tell theirs too: this node is new in the room.</param>
internal sealed record RoomPresence(string Code, long Version, IReadOnlyList<string> Here, bool Asks) : RoomNews;

/// <summary>A run that a class watches has more pieces now.</summary>
internal sealed record RunGrew(string Code, string Run) : RoomNews;

/// <summary>Somebody used up one of few tries.</summary>
/// <param name="Address">The network address that the try counts for.</param>
internal sealed record TrySpent(TryKind Kind, string Address) : RoomNews;

/// <summary>What there are few tries of.</summary>
internal enum TryKind
{
    WrongCode,
    Opening,
}
