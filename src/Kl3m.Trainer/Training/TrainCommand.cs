using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Data;
using TorchSharp;

namespace Kl3m.Trainer.Training;

/// <summary>The verb <c>train</c>: starts a run, or goes on with it where its folder has a checkpoint.</summary>
internal static class TrainCommand
{
    public static void Run(Arguments arguments)
    {
        var run = arguments.Required("out");
        var corpus = CorpusFile.In(arguments.Required("corpus"));
        var tokenizerPath = arguments.Required("tokenizer");
        var options = TrainingOptions.Read(arguments);
        var device = TorchRuntime.ResolveDevice(arguments.Choice("device", ["auto", "cpu", "cuda"]));
        var budget = Budget(arguments, device);
        arguments.End();
        NativeHeap.KeepPages();

        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(tokenizerPath)))[..16];
        var fresh = new RunState(options, new LearningRateSchedule(options.WarmupSteps), digest, 0, 0);
        var checkpoint = RunState.Newest(run);
        var state = checkpoint is null ? fresh : Resume(RunState.Load(checkpoint), fresh, checkpoint);
        Directory.CreateDirectory(run);
        File.Copy(tokenizerPath, Path.Combine(run, "tokenizer.json"), overwrite: true);

        var tokenizer = Tokenizer.Load(tokenizerPath);
        var end = tokenizer.Find("<|end|>") ?? throw new UsageException($"{tokenizerPath} has no <|end|> token.");
        var cache = new TokenCache(Path.Combine(run, "tokens-" + digest), tokenizer.Encode, end);
        var kinds = corpus.Select(file => (cache.Read(file), options.KindWeights.GetValueOrDefault(file.Kind, 1))).ToList();
        var windows = new WindowOrder(kinds, options.Context, options.Seed, new SpaceSplits(tokenizer, options.SpaceSplits));
        var config = options.Config(tokenizer.VocabularySize, end);
        var total = kinds.Sum(kind => kind.Item1.LongLength);
        Console.WriteLine($"{total:N0} tokens, {windows.EpochTokens:N0} an epoch; from step {state.Step} on.");

        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true; // the loop ends after its step and writes a checkpoint
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        state = new TrainingLoop(run, checkpoint, config, state, windows, budget, device, TimeProvider.System, Print).Run(stop.Token);
        Console.WriteLine(state.Step == state.Schedule.End ? "Done: export it." : "Stopped: the same command goes on from here.");
    }

    private static TrainingBudget Budget(Arguments arguments, torch.Device device)
    {
        var steps = arguments.Number("steps", 1);
        return new(
            steps,
            arguments.Number("decay-steps", steps / 5 ?? 0, 0),
            arguments.Number("minutes", 0.0),
            arguments.Number("decay-minutes", 20.0, 0),
            arguments.Number("checkpoint-minutes", 5.0, 0),
            // A GPU is kept busy by one thread, and its own threads would only quarrel over it.
            arguments.Number("threads", device.type == DeviceType.CPU ? Environment.ProcessorCount : 1, 1));
    }

    /// <summary>The end of a run may be settled later; what makes its steps may not change on the way.</summary>
    private static RunState Resume(RunState saved, RunState fresh, string checkpoint) =>
        saved.Options.Signature() != fresh.Options.Signature()
            ? throw new UsageException(
                $"{checkpoint} was made with other options: {saved.Options.Signature()}. Give the same, or another --out.")
        : saved.Tokenizer != fresh.Tokenizer
            ? throw new UsageException($"{checkpoint} was made with another tokenizer. Give the same, or another --out.")
        : saved;

    private static void Print(string line) => Console.WriteLine($"{DateTime.Now:HH:mm:ss}  {line}");
}
