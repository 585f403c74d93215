using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using Kl3m.Inference.Models;
using Kl3m.Inference.Models.Host;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>
/// The attention core by itself, on one thread: a prompt that is read, a class whose prompts are one, a class whose prompts are their own. The
/// ceiling is what the core multiplies and adds when nothing is read; the best of many tries, so that a busy machine matters little.
/// </summary>
internal static unsafe class AttentionCommand
{
    public const string Help = "attention [SHAPE] [TRIES]";

    public static void Run(string shape, int tries)
    {
        var config = Shape.Find(shape);
        using var ceiling = new HostMemory<float>(1024);
        var peak = Best(tries, () => Multiply(ceiling.Start)) / 1e9;
        Console.WriteLine(FormattableString.Invariant($"fused multiply-adds at most {peak:F0} GFLOP/s"));
        Row("a prompt of 512", Prompt(config, 512));
        Row("30 behind one prompt of 1,000", Class(config, shared: 1_000 / 16 * 16, own: 24));
        Row("30 of 70 tokens each", Class(config, shared: 0, own: 70));

        void Row(string name, (BlockPool Pool, CachedChunk[] Chunks) work)
        {
            using var pool = work.Pool;
            using var team = new Team(1, () => "");
            using var attention = new PagedAttention(config, pool, team);
            var rows = work.Chunks[^1].Offset + work.Chunks[^1].Count;
            using var qkv = new HostMemory<float>((long)rows * 3 * config.HiddenSize);
            using var output = new HostMemory<float>((long)rows * config.HiddenSize);
            var random = new Random(1);
            for (var i = 0; i < rows * 3 * config.HiddenSize; i++)
            {
                qkv.Start[i] = 2 * random.NextSingle() - 1;
            }
            attention.Begin(work.Chunks);
            var seen = work.Chunks.Sum(chunk => Enumerable.Range(chunk.Start + 1, chunk.Count).Sum(length => (double)length));
            var layers = Math.Min(config.NumHiddenLayers, 6);
            var rate = Best(tries, () =>
            {
                // As in a step: layer after layer, so that what is read has left the nearest cache.
                for (var layer = 0; layer < layers; layer++)
                {
                    attention.Apply(layer, qkv.Start, output.Start);
                }
                return 4 * seen * config.HiddenSize * layers;
            });
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32} {rate / 1e9,6:F1} GFLOP/s, {rate / 1e9 / peak,4:P0} of that"));
            Array.ForEach(work.Chunks, chunk => chunk.Cache.Dispose());
        }
    }

    private static (BlockPool Pool, CachedChunk[] Chunks) Prompt(GptNeoXConfig config, int tokens)
    {
        var pool = Pool(config, tokens);
        return (pool, [new(BlockCache.TryMake(pool, tokens, 0)!, 0, tokens, 0)]);
    }

    /// <summary>One new token of each of thirty.</summary>
    private static (BlockPool Pool, CachedChunk[] Chunks) Class(GptNeoXConfig config, int shared, int own)
    {
        const int Count = 30;
        var pool = Pool(config, shared + (Count + 1) * (own + 16));
        using var first = BlockCache.TryMake(pool, shared + 1, 0)!;
        first.Grow(shared);
        first.Length = shared;
        var chunks = new CachedChunk[Count];
        for (var i = 0; i < Count; i++)
        {
            var cache = BlockCache.TryMake(pool, shared + own, shared)!;
            cache.CopyPrefix(first, shared);
            chunks[i] = new(cache, i, 1, shared + own - 1);
        }
        return (pool, chunks);
    }

    private static BlockPool Pool(GptNeoXConfig config, int tokens)
    {
        using var probe = new BlockPool(config, 0);
        var pool = new BlockPool(config, (BlockPool.BlocksOf(tokens) + 4) * probe.BytesPerBlock);
        // Written, or most of it would be the one page of zeros.
        for (var block = 0; block < pool.Blocks; block++)
        {
            new Span<float>(pool.Keys(block, 0), (int)(pool.BytesPerBlock / sizeof(float))).Fill(0.01f);
        }
        return pool;
    }

    /// <returns>The most per second.</returns>
    private static double Best(int tries, Func<double> work)
    {
        var best = 0.0;
        for (var i = 0; i < tries; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var done = work();
            best = Math.Max(best, done / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private static double Multiply(float* from)
    {
        const int Rounds = 200_000;
        var (a, b, c, d) = (Vector512.Load(from), Vector512.Load(from + 16), Vector512.Load(from + 32), Vector512.Load(from + 48));
        var (e, f, g, h) = (a, b, c, d);
        var (i, j, k, l) = (a, b, c, d);
        var x = Vector512.Load(from + 64);
        for (var round = 0; round < Rounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(x, x, a);
            b = Vector512.FusedMultiplyAdd(x, x, b);
            c = Vector512.FusedMultiplyAdd(x, x, c);
            d = Vector512.FusedMultiplyAdd(x, x, d);
            e = Vector512.FusedMultiplyAdd(x, x, e);
            f = Vector512.FusedMultiplyAdd(x, x, f);
            g = Vector512.FusedMultiplyAdd(x, x, g);
            h = Vector512.FusedMultiplyAdd(x, x, h);
            i = Vector512.FusedMultiplyAdd(x, x, i);
            j = Vector512.FusedMultiplyAdd(x, x, j);
            k = Vector512.FusedMultiplyAdd(x, x, k);
            l = Vector512.FusedMultiplyAdd(x, x, l);
        }
        (a + b + c + d + e + f + g + h + i + j + k + l).Store(from + 128);
        return Rounds * 12 * 32.0;
    }
}
