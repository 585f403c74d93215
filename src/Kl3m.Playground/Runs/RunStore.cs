using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>The recent runs of one visitor, newest last. Lives as long as the circuit; used on its thread.</summary>
internal sealed class RunStore(LogitsMemory memory, TimeProvider time) : IDisposable
{
    public const int Most = 64;

    private readonly List<Run> runs = [];

    public IReadOnlyList<Run> Recent => runs;

    /// <summary>A new run, recorded by whoever asks for its events; its logits are kept where the generator hands them out.</summary>
    public Run Start(GenerationRequest request, ModelInfo model, Branch? branch = null)
    {
        var run = new Run(request with { KeepLogits = memory.Keeps }, model, time, memory, branch);
        runs.Add(run);
        if (runs.Count > Most)
        {
            Forget(runs[0]);
        }
        return run;
    }

    /// <summary>All that came of the same press of Generate: that run and its branches, oldest first.</summary>
    public IReadOnlyList<Run> Family(Run run) => [.. runs.Where(other => other.Root == run.Root)];

    public void Forget(Run run)
    {
        if (runs.Remove(run))
        {
            memory.Release(run.OwnRows);
        }
    }

    public void Dispose()
    {
        foreach (var run in runs)
        {
            memory.Release(run.OwnRows);
        }
        runs.Clear();
    }
}
