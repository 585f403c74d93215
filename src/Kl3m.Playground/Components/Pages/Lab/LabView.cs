using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>What a lab shows: <see cref="LabState"/> at one moment.</summary>
/// <param name="Place">The position in the run that the strip is about.</param>
/// <param name="Settings">Those that are tried there.</param>
/// <param name="Traced">The token id that is followed through the stages; null follows the run's own.</param>
/// <param name="FuturesAsked">How many continuations the futures were asked for.</param>
internal sealed record LabView(Run? Run, SelectedToken? Place, SamplingParams Settings, SamplerStrip? Strip, int? Traced, string? Notice, Draws? Draws, ForkNode? Futures, int FuturesAsked)
    : PageView(LabState.Address);
