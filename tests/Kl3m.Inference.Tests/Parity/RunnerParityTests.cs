using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>The path that generates, with keys and values kept, against transformers.</summary>
public sealed class RunnerParityTests
{
    private const float Tolerance = 2e-4f;

    public static TheoryData<string> Names => NeoxGolden.Names;

    [Theory, MemberData(nameof(Names))]
    public void Logits_are_those_of_transformers(string name)
    {
        using var runner = Load(name);
        foreach (var golden in NeoxGolden.Forward(name))
        {
            var logits = Prefill(runner, golden.InputIds, golden.InputIds.Length);
            Scores.Close(golden.LastLogits, logits[^1], Tolerance);
            for (var row = 0; row < golden.AllLogits?.Length; row++)
            {
                Scores.Close(golden.AllLogits[row], logits[row], Tolerance);
            }
            for (var i = 0; i < golden.NextTokenLogprob.Length; i++)
            {
                Assert.Equal(golden.NextTokenLogprob[i], Scores.LogSoftmax(logits[i])[golden.InputIds[i + 1]], Tolerance);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_prompt_in_chunks_or_token_by_token_is_the_same_as_at_once(string name)
    {
        using var runner = Load(name);
        var golden = NeoxGolden.Forward(name).Single(golden => golden.InputIds.Length == 100);
        foreach (var chunk in (int[])[1, 7, 33, 64, 99])
        {
            var logits = Prefill(runner, golden.InputIds, chunk);
            Scores.Close(golden.LastLogits, logits[^1], Tolerance);
            Assert.All(golden.NextTokenLogprob.Select((logprob, i) => (logprob, i)), pair =>
                Assert.Equal(pair.logprob, Scores.LogSoftmax(logits[pair.i])[golden.InputIds[pair.i + 1]], Tolerance));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Greedy_ids_are_those_of_transformers_also_past_the_trained_length(string name)
    {
        using var runner = Load(name);
        var prompts = NeoxGolden.Forward(name).ToDictionary(golden => golden.InputIds.Length, golden => golden.InputIds);
        var greedy = NeoxGolden.Generation(name).Greedy;
        Assert.Contains(greedy, golden => golden.ExceedsMaxPosition);
        Assert.All(greedy, golden => Assert.Equal(golden.NewTokens, Greedy(runner, [prompts[golden.InputLen]], golden.NewTokens.Length)[0]));
    }

    /// <summary>What transformers pads to one length lies end to end here; the rows must come out the same.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Sequences_of_different_lengths_in_one_batch_write_what_the_padded_batch_writes(string name)
    {
        using var runner = Load(name);
        var golden = NeoxGolden.Generation(name).BatchLeftPadded;
        var prompts = golden.InputIds.Zip(golden.AttentionMask, (ids, mask) => ids.Where((_, i) => mask[i] == 1).ToArray()).ToArray();
        var eos = GptNeoXConfig.Load(NeoxGolden.Folder(name)).EosTokenIds;
        foreach (var (expected, actual) in golden.NewTokens.Zip(Greedy(runner, prompts, golden.NewTokens.Max(row => row.Length))))
        {
            var end = Array.FindIndex(actual, eos.Contains);
            var written = end < 0 ? actual.Length : end + 1;
            Assert.Equal(expected[..written], actual[..written]);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_step_may_mix_first_chunks_later_chunks_and_single_tokens(string name)
    {
        using var runner = Load(name);
        var texts = NeoxGolden.Forward(name).Where(golden => golden.InputIds.Length >= 33).ToArray();
        var (first, later, single) = (texts[0], texts[1], texts[2]);
        int Slot(int[] ids) => runner.TryAcquire(ids.Length)!.Value;
        var (a, b, c) = (Slot(first.InputIds), Slot(later.InputIds), Slot(single.InputIds));
        runner.Run([new(b, 0, later.InputIds.AsMemory(0, 60), LogitsWanted.None), new(c, 0, single.InputIds.AsMemory(0, single.InputIds.Length - 1), LogitsWanted.None)], []);

        var logits = new float[(1 + 40 + 1) * runner.VocabularySize];
        runner.Run(
            [
                new(a, 0, first.InputIds, LogitsWanted.Last),
                new(b, 60, later.InputIds.AsMemory(60, 40), LogitsWanted.All),
                new(c, single.InputIds.Length - 1, single.InputIds.AsMemory(single.InputIds.Length - 1), LogitsWanted.Last),
            ],
            logits);

        var rows = logits.Chunk(runner.VocabularySize).ToArray();
        Scores.Close(first.LastLogits, rows[0], Tolerance);
        Scores.Close(later.LastLogits, rows[40], Tolerance);
        Scores.Close(single.LastLogits, rows[41], Tolerance);
        Assert.Equal(later.NextTokenLogprob[60], Scores.LogSoftmax(rows[1])[later.InputIds[61]], Tolerance);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_copied_prefix_continues_as_the_original_does(string name)
    {
        using var runner = Load(name);
        var golden = NeoxGolden.Forward(name).Single(golden => golden.InputIds.Length == 100);
        var (source, target) = (runner.TryAcquire(70)!.Value, runner.TryAcquire(100)!.Value);
        runner.Run([new(source, 0, golden.InputIds.AsMemory(0, 70), LogitsWanted.None)], []);
        runner.CopyPrefix(source, target, 64);
        runner.Release(source);

        var logits = new float[runner.VocabularySize];
        runner.Run([new(target, 64, golden.InputIds.AsMemory(64), LogitsWanted.Last)], logits);
        Scores.Close(golden.LastLogits, logits, Tolerance);
    }

    internal static ModelRunner Load(string name, string dtype = "fp32")
    {
        var folder = NeoxGolden.Folder(name);
        return ModelRunner.Load(folder, GptNeoXConfig.Load(folder), "cpu", dtype, 64 << 20, threads: 1);
    }

    /// <summary>Logits at every position, read in chunks of a size.</summary>
    internal static float[][] Prefill(ModelRunner runner, int[] ids, int chunk)
    {
        var slot = runner.TryAcquire(ids.Length)!.Value;
        var rows = new List<float[]>();
        for (var start = 0; start < ids.Length; start += chunk)
        {
            var part = ids.AsMemory(start, Math.Min(chunk, ids.Length - start));
            var logits = new float[part.Length * runner.VocabularySize];
            runner.Run([new(slot, start, part, LogitsWanted.All)], logits);
            rows.AddRange(logits.Chunk(runner.VocabularySize));
        }
        runner.Release(slot);
        return [.. rows];
    }

    private static int[][] Greedy(ModelRunner runner, int[][] prompts, int count)
    {
        var slots = Array.ConvertAll(prompts, prompt => runner.TryAcquire(prompt.Length + count)!.Value);
        var next = prompts;
        var starts = new int[prompts.Length];
        var written = Array.ConvertAll(prompts, _ => new List<int>());
        var logits = new float[prompts.Length * runner.VocabularySize];
        for (var step = 0; step < count; step++)
        {
            runner.Run([.. slots.Select((slot, i) => new Chunk(slot, starts[i], next[i], LogitsWanted.Last))], logits);
            for (var i = 0; i < prompts.Length; i++)
            {
                var id = Scores.Argmax(logits.AsSpan(i * runner.VocabularySize, runner.VocabularySize));
                starts[i] += next[i].Length;
                next = [.. next[..i], [id], .. next[(i + 1)..]];
                written[i].Add(id);
            }
        }
        Array.ForEach(slots, runner.Release);
        return Array.ConvertAll(written, ids => ids.ToArray());
    }
}
