using System.Text;
using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Data;

namespace Kl3m.Trainer.Tokenization;

/// <summary><c>tokenizer --corpus DIR --out FILE [--vocab N] [--bytes N]</c>: trains a tokenizer on a corpus and writes its tokenizer.json.</summary>
internal static class TokenizerCommand
{
    public static int Run(string[] args)
    {
        var arguments = new Arguments(args);
        var corpus = arguments.Required("corpus");
        var path = arguments.Required("out");
        var size = arguments.Number("vocab", 4096, min: 1);
        var bytes = arguments.Number("bytes", 30_000_000L, min: 1);
        arguments.End();

        var sample = TokenizerSample.Take(CorpusFile.In(corpus), bytes);
        Console.WriteLine($"Sample: {sample.Count:n0} documents, {sample.Sum(Bytes):n0} bytes.");
        var wholeTokens = WholeTokens.Worthwhile(WholeTokens.Candidates, sample, size);
        var vocabulary = TokenizerTrainer.Train(sample, wholeTokens, size - wholeTokens.Count);
        File.WriteAllBytes(path, TokenizerJson.Write(vocabulary, TokenizerTrainer.Specials, wholeTokens));
        Console.WriteLine($"{path}: {vocabulary.Merges.Count} merges, the last one of a pair seen {vocabulary.Merges[^1].Count} times;");
        Console.WriteLine($"{wholeTokens.Count} whole tokens: {string.Join(' ', wholeTokens).ReplaceLineEndings("⏎")}");
        Report(Tokenizer.Load(path), Path.Combine(corpus, "valid"));
        return 0;
    }

    private static void Report(Tokenizer tokenizer, string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        var (allBytes, allTokens) = (0L, 0L);
        foreach (var file in CorpusFile.In(folder))
        {
            var (bytes, tokens) = (0L, 0L);
            foreach (var text in file.Documents())
            {
                bytes += Bytes(text);
                tokens += tokenizer.Encode(text).Length;
            }
            Console.WriteLine($"valid/{file.Kind}: {(double)bytes / tokens:f3} bytes per token");
            (allBytes, allTokens) = (allBytes + bytes, allTokens + tokens);
        }
        Console.WriteLine($"valid: {(double)allBytes / allTokens:f3} bytes per token");
    }

    private static long Bytes(string text) => Encoding.UTF8.GetByteCount(text);
}
