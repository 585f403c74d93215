using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using static TorchSharp.torch;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>Measures, round by round, so that what disturbs the machine for a while disturbs all alike.</summary>
internal sealed class ThroughputCommand(Settings settings)
{
    private const long EagerLimit = 100_000_000;

    private readonly Figures figures = new();

    public static int Run(string[] words)
    {
        if (words is ["--help" or "-h" or "help"])
        {
            Console.WriteLine(Settings.Help);
            return 0;
        }
        try
        {
            new ThroughputCommand(Settings.Read(words)).Run();
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or Inference.ModelFileException or TorchUnavailableException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private void Run()
    {
        var config = settings.Config();
        var threads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount;
        using var runner = Load(config, threads);
        var budget = new EngineOptions().TokenBudgetOn(runner.Device);
        var workload = new Workload(runner, budget);
        var peers = settings.Gguf.Select(gguf => new Peer(settings.PeerProgram!, gguf, threads, settings.Context, settings.Batches, settings.Prompts, settings.Steps)).ToList();
        using var bandwidth = settings.Wants("bandwidth") && runner.Device == "cpu" ? new ReadBandwidth(threads) : null;
        using var eager = settings.Wants("eager") && config.ParameterCount < EagerLimit && runner.Device == "cpu" ? new EagerModel(config, ScalarType.Float32) : null;
        var report = new Report(settings, config, runner, threads);
        report.Begin();
        workload.Decode(1, settings.Context, 2);
        for (var round = 1; round <= settings.Rounds; round++)
        {
            Console.Error.WriteLine($"round {round} of {settings.Rounds}");
            if (bandwidth is not null)
            {
                figures.Add("read bandwidth", "GB/s", bandwidth.Measure(), "machine");
            }
            Measure(workload);
            if (eager is not null)
            {
                figures.Add("decode 1", "tokens/s", eager.Decode(settings.Context, settings.Steps), "eager TorchSharp");
            }
            peers.ForEach(peer => peer.Measure(figures));
        }
        report.End(figures);
    }

    private ModelRunner Load(GptNeoXConfig config, int threads)
    {
        const long Cache = 4L << 30;
        return settings.Model is { } folder
            ? ModelRunner.Load(folder, config, settings.Device, settings.Dtype, Cache, threads)
            : ModelRunner.Load(config, (type, _) => Shape.RandomWeights(type), () => { }, settings.Device, settings.Dtype, Cache, threads);
    }

    private void Measure(Workload workload)
    {
        foreach (var batch in settings.Batches)
        {
            if (settings.Wants("decode"))
            {
                figures.Add($"decode {batch}", "tokens/s", workload.Decode(batch, settings.Context, settings.Steps));
            }
            if (settings.Wants("information"))
            {
                foreach (var information in Enum.GetValues<Information>())
                {
                    figures.Add($"decode {batch}", "tokens/s", workload.Decode(batch, settings.Context, settings.Steps, information), $"information: {information}");
                }
            }
        }
        foreach (var prompt in settings.Prompts)
        {
            if (settings.Wants("prefill"))
            {
                figures.Add($"prefill {prompt}", "tokens/s", workload.Prefill(prompt));
            }
            if (settings.Wants("first-token"))
            {
                figures.Add($"first token {prompt}", "ms", workload.FirstToken(prompt));
            }
        }
    }
}
