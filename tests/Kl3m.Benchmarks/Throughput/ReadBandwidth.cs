using System.Diagnostics;
using System.Numerics;
using Kl3m.Inference.Models.Host;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>
/// How fast the machine reads memory that no cache holds: each thread adds up a part of its own of 2 GiB. Every weight is read once per
/// step, so at batch 1 this is the ceiling.
/// </summary>
internal sealed unsafe class ReadBandwidth(int threads) : IDisposable
{
    private const long Bytes = 2L << 30;

    // As the weights lie: in large pages where there are some.
    private readonly HostMemory<byte> memory = Fill();

    /// <returns>GB/s (10^9 bytes).</returns>
    public double Measure()
    {
        var part = Bytes / threads / 4096 * 4096;
        using var start = new Barrier(threads + 1);
        var readers = Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            GC.KeepAlive(Sum(memory.Start + i * part, part));
        })).ToList();
        readers.ForEach(reader => reader.Start());
        start.SignalAndWait();
        var clock = Stopwatch.StartNew();
        readers.ForEach(reader => reader.Join());
        return part * threads / clock.Elapsed.TotalSeconds / 1e9;
    }

    public void Dispose() => memory.Dispose();

    private static HostMemory<byte> Fill()
    {
        var memory = new HostMemory<byte>(Bytes);
        // Written, or all pages would be the one page of zeros.
        new Span<long>(memory.Start, (int)(Bytes / sizeof(long))).Fill(1);
        return memory;
    }

    /// <summary>Four streams, since one does not keep the memory busy.</summary>
    private static long Sum(byte* from, long count)
    {
        var (a, b, c, d) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        var quarter = count / 4;
        for (var at = 0L; at < quarter; at += Vector<byte>.Count)
        {
            a += *(Vector<long>*)(from + at);
            b += *(Vector<long>*)(from + quarter + at);
            c += *(Vector<long>*)(from + 2 * quarter + at);
            d += *(Vector<long>*)(from + 3 * quarter + at);
        }
        return Vector.Sum(a + b + c + d);
    }
}
