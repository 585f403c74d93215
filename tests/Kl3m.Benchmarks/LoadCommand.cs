using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Benchmarks;

/// <summary>
/// <c>load FOLDER [DTYPE] [ROUNDS]</c>: how long loading a model folder takes, beside reading its files once, both cold and in turns; the
/// most memory that it took; then the first token of a 128-token prompt and the speed behind it. Weights that the folder's index names
/// but that are not there are written first, random.
/// </summary>
internal static partial class LoadCommand
{
    private const int PromptTokens = 128;
    private const int NewTokens = 32;

    public static async Task RunAsync(string folder, string dtype = "auto", int rounds = 3)
    {
        if (File.Exists(Path.Combine(folder, "model.safetensors.index.json")))
        {
            RandomCheckpoint.Write(folder);
        }
        var files = Directory.GetFiles(folder, "*.safetensors");
        var bytes = files.Sum(file => new FileInfo(file).Length);
        Console.WriteLine(FormattableString.Invariant($"{files.Length} files, {bytes / 1e9:F2} GB"));
        var best = (Read: double.MaxValue, Load: double.MaxValue);
        for (var round = 0; round < rounds; round++)
        {
            Forget(files);
            var read = Time(() => Array.ForEach(files, ReadOnce));
            Forget(files);
            ResetPeak();
            var clock = Stopwatch.StartNew();
            await using var engine = await EngineLoader.LoadAsync(folder, "measured", new EngineOptions { Dtype = dtype }, TimeProvider.System, NullLogger<InferenceEngine>.Instance);
            var load = clock.Elapsed.TotalSeconds;
            var peak = Peak();
            best = (Math.Min(best.Read, read), Math.Min(best.Load, load));
            Console.WriteLine(FormattableString.Invariant(
                $"round {round + 1}: reading {read:F2} s, loading {load:F2} s in {engine.Model.Dtype} on {engine.Model.Device}, ratio {load / read:F2}, peak resident memory {peak / 1e9:F2} GB"));
            if (round == rounds - 1)
            {
                Console.WriteLine(FormattableString.Invariant($"best of each: reading {best.Read:F2} s, loading {best.Load:F2} s, ratio {best.Load / best.Read:F2}"));
                await GenerateAsync(engine);
            }
        }
    }

    private static async Task GenerateAsync(InferenceEngine engine)
    {
        for (var round = 0; round < 3; round++)
        {
            var request = new GenerationRequest
            {
                PromptTokenIds = [.. Enumerable.Range(0, PromptTokens).Select(i => 300 + (i * 7919 + round * 104729) % (engine.Model.VocabularySize - 300))],
                Sampling = new() { MaxTokens = NewTokens, Seed = 1, StopAtEnd = false },
            };
            await foreach (var happened in engine.GenerateAsync(request))
            {
                if (happened is GenerationFinished { Timings: { FirstToken: { } first, Total: var total } })
                {
                    Console.WriteLine(FormattableString.Invariant(
                        $"first token of a {PromptTokens}-token prompt after {first.TotalSeconds:F2} s, then {(NewTokens - 1) / (total - first).TotalSeconds:F2} tokens/s"));
                }
            }
        }
        Console.WriteLine(FormattableString.Invariant($"peak resident memory with the generation: {Peak() / 1e9:F2} GB"));
    }

    private static double Time(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static void ReadOnce(string path)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var buffer = new byte[8 << 20];
        for (long at = 0; RandomAccess.Read(file, buffer, at) is > 0 and var count; at += count)
        {
        }
    }

    /// <summary>Drops the files' pages from the system's cache, so that they come from the disk again.</summary>
    private static void Forget(IEnumerable<string> paths)
    {
        const int DontNeed = 4;
        foreach (var path in paths)
        {
            using var file = File.OpenHandle(path);
            _ = FAdvise(file.DangerousGetHandle().ToInt32(), 0, 0, DontNeed);
        }
    }

    /// <summary>Linux counts the peak anew from here (proc(5), clear_refs).</summary>
    private static void ResetPeak()
    {
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5");
    }

    private static long Peak() =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int FAdvise(int file, long offset, long length, int advice);
}
