using System.Globalization;
using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Data;
using TorchSharp;

namespace Kl3m.Trainer.Evaluation;

/// <summary>The verb <c>evaluate</c>: bits per byte and perplexity of a model folder on the files of a folder, by kind and overall.</summary>
internal static class EvaluateCommand
{
    public static void Run(Arguments arguments)
    {
        var folder = arguments.Value("The model's folder");
        var files = CorpusFile.In(arguments.Required("files"));
        var stride = arguments.Number("stride", 512, 1);
        var threads = arguments.Number("threads", Environment.ProcessorCount, 1);
        var dtype = arguments.Choice("dtype", ["bf16", "fp32"]);
        arguments.End();
        Console.WriteLine(Table(Scores(folder, files, stride, threads, dtype)));
        Console.WriteLine(Recipe(stride));
    }

    /// <summary>By kind, overall last.</summary>
    public static IReadOnlyList<Score> Scores(
        string folder, IReadOnlyList<CorpusFile> files, int stride, int threads, string dtype = "bf16")
    {
        var tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        var end = tokenizer.Find("<|end|>") ?? throw new UsageException($"{folder}/tokenizer.json has no <|end|> token.");
        using var model = Evaluator.Load(folder, dtype == "bf16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32);
        var evaluator = new Evaluator(model, tokenizer, end, Math.Min(stride, model.Config.MaxPositionEmbeddings - 1), threads);
        var scores = files.Select(evaluator.Run).ToList();
        return [.. scores, Score.Overall(scores)];
    }

    /// <summary>Markdown.</summary>
    public static string Table(IEnumerable<Score> scores) => string.Join('\n', scores
        .Select(s => string.Create(CultureInfo.InvariantCulture,
            $"| {s.Kind} | {s.Bytes:N0} | {s.Tokens:N0} | {s.BitsPerByte:F3} | {s.Perplexity:F2} | {s.XzBitsPerByte:F3} |"))
        .Prepend("| --- | ---: | ---: | ---: | ---: | ---: |")
        .Prepend("| kind | bytes | tokens | bits per byte | perplexity per token | `xz -9`, bits per byte |"));

    public static string Recipe(int stride) =>
        "Recipe: whole files; each document by itself, behind one `<|end|>` token that is not scored; windows of the model's "
        + FormattableString.Invariant($"whole context, {stride} tokens apart, so that every token is scored once, with all that its ")
        + "window holds before it; bytes are the documents' UTF-8 bytes. xz is given the whole file at once.";
}
