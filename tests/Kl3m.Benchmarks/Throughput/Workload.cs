using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Sampling;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>What is done with each row of logits of a step.</summary>
internal enum Information
{
    /// <summary>The id of the highest, and nothing else: the least that a step can do.</summary>
    None,

    /// <summary>A draw with probability, rank, entropy and trace: what the engine does for every token.</summary>
    Probabilities,

    /// <summary>The same with the 20 most likely alternatives.</summary>
    Alternatives,
}

/// <summary>Prompts and continuations on a runner, as the engine's thread runs them, with random token ids.</summary>
internal sealed class Workload(IModelRunner runner, int tokenBudget)
{
    private static readonly Inference.SamplingParams Settings = new() { Temperature = 0.7f, TopK = 50, TopP = 0.95f };

    private readonly Random random = new(1);
    private readonly Sampler[] samplers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Sampler(runner.VocabularySize))];
    private float[] logits = [];

    /// <returns>Tokens/s of all sequences together, after each has read <paramref name="context"/> tokens.</returns>
    public double Decode(int batch, int context, int steps, Information information = Information.None)
    {
        var slots = Enumerable.Range(0, batch).Select(_ => runner.TryAcquire(context + steps + 1) ?? throw new InvalidOperationException("The cache is too small.")).ToArray();
        var written = slots.Select(_ => new List<int>()).ToArray();
        foreach (var slot in slots)
        {
            Read(slot, Ids(context));
        }
        Step(slots, written, context, information);
        var clock = Stopwatch.StartNew();
        for (var step = 1; step <= steps; step++)
        {
            Step(slots, written, context + step, information);
        }
        var seconds = clock.Elapsed.TotalSeconds;
        Array.ForEach(slots, runner.Release);
        return batch * steps / seconds;
    }

    /// <returns>Milliseconds from an idle engine to the first token of a prompt of so many tokens.</returns>
    public double FirstToken(int prompt)
    {
        var ids = Ids(prompt);
        var clock = Stopwatch.StartNew();
        var slot = runner.TryAcquire(prompt + 1) ?? throw new InvalidOperationException("The cache is too small.");
        Read(slot, ids);
        Draw(0, ids, Information.Probabilities);
        var milliseconds = clock.Elapsed.TotalMilliseconds;
        runner.Release(slot);
        return milliseconds;
    }

    /// <returns>Tokens/s of reading a prompt, in the engine's chunks.</returns>
    public double Prefill(int prompt) => prompt / (FirstToken(prompt) / 1000);

    private void Read(int slot, int[] ids)
    {
        for (var start = 0; start < ids.Length; start += tokenBudget)
        {
            var length = Math.Min(tokenBudget, ids.Length - start);
            runner.Run([new(slot, start, ids.AsMemory(start, length), start + length == ids.Length ? LogitsWanted.Last : LogitsWanted.None)], Logits(1));
        }
    }

    private void Step(int[] slots, List<int>[] written, int position, Information information)
    {
        var chunks = new Chunk[slots.Length];
        for (var i = 0; i < slots.Length; i++)
        {
            chunks[i] = new(slots[i], position, new[] { written[i].Count > 0 ? written[i][^1] : 1 }, LogitsWanted.Last);
        }
        runner.Run(chunks, Logits(slots.Length));
        // As the engine does it: a single row on its own thread, several on all cores.
        if (slots.Length == 1)
        {
            Next(0);
            return;
        }
        var workers = Math.Min(samplers.Length, slots.Length);
        Parallel.For(0, workers, worker =>
        {
            for (var i = worker; i < slots.Length; i += workers)
            {
                Next(i, worker);
            }
        });

        void Next(int i, int worker = 0) => written[i].Add(Draw(i, CollectionsMarshal.AsSpan(written[i]), information, worker));
    }

    private int Draw(int row, ReadOnlySpan<int> tokens, Information information, int worker = 0)
    {
        var scores = logits.AsSpan(row * runner.VocabularySize, runner.VocabularySize);
        return information == Information.None
            ? Highest(scores)
            : samplers[worker].Sample(scores, Settings, tokens, 0, SeededRandom.NextUniform(1, row, tokens.Length), information == Information.Alternatives ? 20 : 0).Score.TokenId;
    }

    private static int Highest(ReadOnlySpan<float> scores)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(scores);
        var highest = vectors[0];
        foreach (var vector in vectors)
        {
            highest = Vector.Max(highest, vector);
        }
        var highestOfAll = float.NegativeInfinity;
        for (var i = 0; i < Vector<float>.Count; i++)
        {
            highestOfAll = Math.Max(highestOfAll, highest[i]);
        }
        return scores.IndexOf(highestOfAll);
    }

    private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(runner.VocabularySize))];

    private Span<float> Logits(int rows)
    {
        if (logits.Length < rows * runner.VocabularySize)
        {
            logits = new float[rows * runner.VocabularySize];
        }
        return logits.AsSpan(0, rows * runner.VocabularySize);
    }
}
