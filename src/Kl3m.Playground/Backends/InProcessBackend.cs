using Kl3m.Inference;

namespace Kl3m.Playground.Backends;

/// <summary>Puts the engine together: config, weights, tokenizer, runner, loop.</summary>
internal static class InProcessBackend
{
    public static ITextGenerator Load(ModelFolder folder, Action<LoadPhase, double?> report, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The engine is not part of this build.");
}
