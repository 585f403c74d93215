using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Data;
using Kl3m.Trainer.Evaluation;
using Kl3m.Trainer.Training;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Export;

/// <summary>
/// The verb <c>export</c>: a run's newest checkpoint as a Hugging Face folder with weights in bf16. With <c>--valid</c> it also measures
/// the model, lets it write, and puts both into the model card.
/// </summary>
internal static class ExportCommand
{
    public static void Run(Arguments arguments)
    {
        var run = arguments.Value("The run's folder");
        var folder = arguments.Value("The folder to write");
        var name = arguments.Text("name") ?? "kl3m-playground-7m";
        var valid = arguments.Text("valid") is { } path ? CorpusFile.In(path) : null;
        var stride = arguments.Number("stride", 512, 1);
        var threads = arguments.Number("threads", Environment.ProcessorCount, 1);
        arguments.End();

        var checkpoint = RunState.Newest(run) ?? throw new UsageException($"{run} holds no checkpoint.");
        var state = RunState.Load(checkpoint);
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(run, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"), overwrite: true);
        var config = Config(state, folder);
        WriteWeights(checkpoint, config, Path.Combine(folder, "model.safetensors"));
        ModelFiles.Write(folder, name, config);
        var log = TrainingLog.Read(run).Where(entry => entry.Step <= state.Step).ToList();
        File.WriteAllText(Path.Combine(folder, "training-curve.svg"), TrainingCurve.Svg(log));

        var scores = valid is null ? [] : EvaluateCommand.Scores(folder, valid, stride, threads);
        var samples = valid is null ? [] : Samples.Write(folder).ToBlockingEnumerable().ToList();
        File.WriteAllText(Path.Combine(folder, "README.md"), ModelCard.Markdown(name, config, state, log, scores, stride, samples));
        var result = scores is [.., var overall] ? FormattableString.Invariant($", {overall.BitsPerByte:F3} bits per byte") : "";
        Console.WriteLine($"{folder}: step {state.Step}{result}.");
    }

    private static GptNeoXConfig Config(RunState state, string folder)
    {
        var tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        var end = tokenizer.Find("<|end|>") ?? throw new UsageException($"{folder}/tokenizer.json has no <|end|> token.");
        return state.Options.Config(tokenizer.VocabularySize, end) with { PadTokenId = tokenizer.Find("<|pad|>") };
    }

    private static void WriteWeights(string checkpoint, GptNeoXConfig config, string path)
    {
        using var stored = RunState.OpenWeights(checkpoint);
        using var noGrad = no_grad();
        using var model = new GptNeoXModel(config, (name, _) => stored.Read(name, ScalarType.BFloat16, CPU));
        SafetensorsWriter.Write(path, model.Parameters);
    }
}
