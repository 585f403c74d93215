using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>Where a visitor works: alone, or in a room, as one user of the engine whatever pages they open.</summary>
public sealed class Desk
{
    /// <summary>Null outside of rooms.</summary>
    internal Seat? Seat { get; set; }
}

/// <param name="User">What the engine's fairness goes by.</param>
/// <param name="Admit">Counts a request against the room's limits until it is disposed of; throws if it is too much. Null where none hold.</param>
/// <param name="Priority">As <see cref="GenerationRequest.Priority"/>.</param>
public sealed record Seat(string User, Func<GenerationRequest, IDisposable>? Admit, int Priority = 0)
{
    /// <summary>The class waits for what the teacher asked.</summary>
    public const int Teachers = -1;
}
