using Kl3m.Inference.Models;
using Kl3m.Inference.Tests.Tokenization;
using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Data;
using Kl3m.Trainer.Training;
using TorchSharp;

namespace Kl3m.Inference.Tests.Trainer;

/// <summary>A run that takes a second: a model of a few thousand weights on one sentence over and over.</summary>
internal sealed class TinyRun : IDisposable
{
    public const int Steps = 24;

    private static readonly TrainingBudget Budget = new(Steps, DecaySteps: 8, Minutes: null, DecayMinutes: 0, CheckpointMinutes: 0.5, Threads: 2);

    public TinyRun() => File.WriteAllBytes(Path.Combine(Folder, "tokenizer.json"), TinyTokenizer.Json(_ => { }));

    public string Folder { get; } = Directory.CreateTempSubdirectory("kl3m-run-").FullName;

    public static TrainingOptions Options { get; } = new()
    {
        Hidden = 32, Layers = 2, Heads = 2, Context = 32, Window = 16, Batch = 4, Parts = 2, Rate = 0.01, WarmupSteps = 2, SpaceSplits = 0, Dtype = "fp32",
    };

    public static GptNeoXConfig Config { get; } = Options.Config(TinyTokenizer.Load().VocabularySize, end: 1);

    /// <summary>Goes on from the newest checkpoint to the end, or to where <paramref name="print"/> throws.</summary>
    public RunState Train(TrainingOptions? options = null, TrainingBudget? budget = null, Action<string>? print = null)
    {
        options ??= Options;
        var tokenizer = TinyTokenizer.Load();
        var tokens = Enumerable.Range(0, 60).SelectMany(i => tokenizer.Encode($"(a) hello world {i % 7}\n\n")).Select(id => (ushort)id).ToArray();
        var windows = new WindowOrder([(tokens, 1)], options.Context, options.Seed, new SpaceSplits(tokenizer, options.SpaceSplits));
        var checkpoint = RunState.Newest(Folder);
        var state = checkpoint is null ? new RunState(options, new(options.WarmupSteps), "tiny", 0, 0) : RunState.Load(checkpoint);
        return new TrainingLoop(Folder, checkpoint, Config, state, windows, budget ?? Budget, torch.CPU, new TickingTime(), print ?? (_ => { })).Run(CancellationToken.None);
    }

    /// <summary>The weights of the newest checkpoint, byte for byte.</summary>
    public byte[] WeightBytes() => File.ReadAllBytes(Path.Combine(RunState.Newest(Folder)!, "weights.safetensors"));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A second passes whenever somebody looks: checkpoints come at the same steps every time.</summary>
    private sealed class TickingTime : TimeProvider
    {
        private long seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => ++seconds;
    }
}
