using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>An event on its way into a run, its logits already in the memory's keeping.</summary>
internal readonly record struct HeldEvent(GenerationEvent Event, KeptRow? Row);
