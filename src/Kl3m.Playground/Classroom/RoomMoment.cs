using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>A room's state, and what this process has at hand of the things that it speaks of.</summary>
/// <param name="Row">What the model thinks of the place that the scene is at.</param>
/// <param name="Run">The teacher's run, which everybody watches.</param>
/// <param name="Writer">What wrote it, where it was written in this process.</param>
/// <param name="View">What the teacher's page shows, where the teacher is connected to this process; others open the page by its address.</param>
internal sealed record RoomMoment(RoomState State, NextToken? Row = null, Run? Run = null, ITextGenerator? Writer = null, PageView? View = null);
