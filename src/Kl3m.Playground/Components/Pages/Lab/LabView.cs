using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>What a lab shows: <see cref="LabState"/> at one moment.</summary>
internal sealed record LabView(Run? Run, SelectedToken? Place, SamplingParams Settings, SamplerStrip? Strip, int? Traced, string? Notice, Draws? Draws, ForkNode? Futures, int FuturesAsked)
    : PageView(LabState.Address);
