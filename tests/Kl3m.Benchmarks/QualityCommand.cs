using System.Globalization;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Benchmarks;

/// <summary>
/// What a number type costs in quality: the same text scored by the engine's own path in fp32 and in others. Windows of the model's context, one
/// behind the other, each token scored but a window's first.
/// </summary>
internal static class QualityCommand
{
    private const int Rows = 128;

    public static void Run(string folder, string file, int most)
    {
        var config = GptNeoXConfig.Load(folder);
        var text = File.ReadAllText(file);
        var ids = Tokenizer.Load(Path.Combine(folder, "tokenizer.json")).Encode(text).Take(most).Select(id => (int)id).ToArray();
        using var exact = Load("fp32");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}: its first {ids.Length} tokens, context {config.MaxPositionEmbeddings}"));
        Console.WriteLine($"{"dtype",-6} {"perplexity",11} {"against fp32",13} {"mean KL, bits",14} {"same first",11}");
        var reference = 0.0;
        foreach (var dtype in (string[])["fp32", "bf16", "int8"])
        {
            using var runner = Load(dtype);
            var total = new Divergence();
            for (var start = 0; start + 1 < ids.Length; start += config.MaxPositionEmbeddings)
            {
                Score(exact, runner, ids.AsSpan(start, Math.Min(config.MaxPositionEmbeddings, ids.Length - start)).ToArray(), total);
            }
            var perplexity = Math.Exp(total.Nats / total.Tokens);
            reference = dtype == "fp32" ? perplexity : reference;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{dtype,-6} {perplexity,11:0.0000} {perplexity / reference - 1,13:+0.000%;-0.000%} {total.KullbackLeibler / total.Tokens / Math.Log(2),14:0.000000} {(double)total.SameFirst / total.Tokens,11:0.00%}"));
        }

        ModelRunner Load(string dtype) => ModelRunner.Load(folder, config, "cpu", dtype, 1L << 30);
    }

    private static void Score(ModelRunner exact, ModelRunner runner, int[] ids, Divergence total)
    {
        var slots = (Exact: exact.TryAcquire(ids.Length)!.Value, Other: runner.TryAcquire(ids.Length)!.Value);
        var vocabulary = runner.VocabularySize;
        var (expected, actual) = (new float[Rows * vocabulary], new float[Rows * vocabulary]);
        for (var start = 0; start < ids.Length - 1; start += Rows)
        {
            var count = Math.Min(Rows, ids.Length - start);
            exact.Run([new(slots.Exact, start, ids.AsMemory(start, count), LogitsWanted.All)], expected);
            runner.Run([new(slots.Other, start, ids.AsMemory(start, count), LogitsWanted.All)], actual);
            for (var row = 0; row < count && start + row + 1 < ids.Length; row++)
            {
                total.Add(expected.AsSpan(row * vocabulary, vocabulary), actual.AsSpan(row * vocabulary, vocabulary), ids[start + row + 1]);
            }
        }
        exact.Release(slots.Exact);
        runner.Release(slots.Other);
    }

    private sealed class Divergence
    {
        public long Tokens { get; private set; }

        public double Nats { get; private set; }

        public double KullbackLeibler { get; private set; }

        public long SameFirst { get; private set; }

        public void Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int target)
        {
            var (expectedNorm, actualNorm) = (LogSum(expected), LogSum(actual));
            Tokens++;
            Nats += actualNorm - actual[target];
            var (firstExpected, firstActual) = (0, 0);
            for (var i = 0; i < expected.Length; i++)
            {
                KullbackLeibler += Math.Exp(expected[i] - expectedNorm) * (expected[i] - expectedNorm - actual[i] + actualNorm);
                firstExpected = expected[i] > expected[firstExpected] ? i : firstExpected;
                firstActual = actual[i] > actual[firstActual] ? i : firstActual;
            }
            SameFirst += firstExpected == firstActual ? 1 : 0;
        }

        private static double LogSum(ReadOnlySpan<float> logits)
        {
            var (highest, sum) = (float.NegativeInfinity, 0.0);
            foreach (var logit in logits)
            {
                highest = Math.Max(highest, logit);
            }
            foreach (var logit in logits)
            {
                sum += Math.Exp(logit - highest);
            }
            return highest + Math.Log(sum);
        }
    }
}
