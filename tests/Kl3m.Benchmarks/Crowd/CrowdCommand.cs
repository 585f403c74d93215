using System.Diagnostics;
using System.Globalization;
using Kl3m.Inference.Engine;

namespace Kl3m.Benchmarks.Crowd;

/// <summary>
/// The engine under a class: throughput of thirty, a prompt that all share, a greedy neighbour, clients that leave, and memory over many
/// steps. Ratios are taken within one run; each row says on how many tries.
/// </summary>
internal sealed class CrowdCommand(Crowd crowd, bool isHere, TextWriter output)
{
    public const string Help = """
        crowd [--model FOLDER | --url http://127.0.0.1:5080] [--only thirty|shared|greedy|cancels|steps]... [--steps 100000] [--cancels 2000] [--tries 5]
          Without --url an engine in this process runs the bundled model, or the one in FOLDER; with it, a running app is asked through its hub.
          Options of the engine in this process: --threads N, --dtype fp32|bf16, --budget N.
        """;

    private const int Class = 30;
    private const int Tokens = 64;

    private static readonly string Words = string.Join(' ', Enumerable.Repeat("the parties to this Agreement shall give notice in writing of any change of control;", 200));
    private ulong seed = 1;

    public static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        var options = words.Chunk(2).ToLookup(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "");
        if (options.Any(option => option.Key is not ("--model" or "--url" or "--only" or "--steps" or "--cancels" or "--tries" or "--threads" or "--dtype" or "--budget")))
        {
            Console.Error.WriteLine(Help);
            return 2;
        }
        int Number(string name, int otherwise) => options[name].LastOrDefault() is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        var tries = Number("--tries", 5);
        if (options["--url"].LastOrDefault() is { } url)
        {
            await using var hub = new HubCrowd(new(url));
            await hub.ConnectAsync(Class + 2);
            await new CrowdCommand(hub.Crowd, isHere: false, Console.Out).RunAsync([.. options["--only"]], tries, Number("--cancels", 2000), 0);
            return 0;
        }
        var engineOptions = new EngineOptions { Device = "cpu", Threads = Number("--threads", 0), Dtype = options["--dtype"].LastOrDefault() ?? "auto", TokenBudget = Number("--budget", 0) };
        await using var engine = await EngineCrowd.LoadAsync(options["--model"].LastOrDefault() ?? BundledModel(), engineOptions);
        await new CrowdCommand(engine.Crowd, isHere: true, Console.Out).RunAsync([.. options["--only"]], tries, Number("--cancels", 2000), Number("--steps", 100_000));
        return 0;
    }

    private async Task RunAsync(HashSet<string> only, int tries, int cancels, int steps)
    {
        await RunAsync(0, Short(), Tokens); // warm
        if (only.Count == 0 || only.Contains("thirty"))
        {
            await ThirtyAsync(tries);
        }
        if (only.Count == 0 || only.Contains("shared"))
        {
            await SharedPromptAsync(tries);
        }
        if (only.Count == 0 || only.Contains("greedy"))
        {
            await GreedyAsync(tries);
        }
        if (only.Count == 0 || only.Contains("cancels"))
        {
            await CancelsAsync(cancels);
        }
        if (steps > 0 && (only.Count == 0 || only.Contains("steps")))
        {
            await StepsAsync(steps);
        }
    }

    private async Task ThirtyAsync(int tries)
    {
        var (alone, together, slowest, effort) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < tries; i++)
        {
            var start = Busy();
            var one = await RunAsync(0, Short(), Tokens);
            var middle = Busy();
            alone.Add(one.Tokens / one.Total.TotalSeconds);
            var (runs, time) = await ClassAsync(_ => Short(), TimeSpan.Zero);
            effort.Add(Class * (middle - start) / (Busy() - middle));
            together.Add(runs.Sum(run => run.Tokens) / time.TotalSeconds);
            slowest.Add(runs.Max(run => run.Total.TotalSeconds) / runs.Average(run => run.Total.TotalSeconds));
        }
        Row("one client, 64 tokens", $"{Median(alone):N0} tokens/s");
        Row("30 clients at once, 64 tokens each", $"{Median(together):N0} tokens/s, all finish");
        Row("  ratio (6 or more)", $"{Median([.. together.Zip(alone, (all, one) => all / one)]):N1} x");
        RowOfEffort("  the same by this process's CPU time", effort);
        Row("  slowest to mean (2 or less)", $"{Median(slowest):N2} x");
        var (spread, _) = await ClassAsync(_ => Short(), TimeSpan.FromSeconds(1));
        Row("30 clients within one second: slowest to mean", $"{spread.Max(run => run.Total.TotalSeconds) / spread.Average(run => run.Total.TotalSeconds):N2} x");
    }

    private async Task SharedPromptAsync(int tries)
    {
        var (ratios, effort) = (new List<double>(), new List<double>());
        double read = 0, taken = 0;
        for (var i = 0; i < tries; i++)
        {
            var start = Busy();
            var (_, brief) = await ClassAsync(_ => Short(), TimeSpan.Zero);
            var prompt = Long();
            var before = await crowd.Metrics();
            var middle = Busy();
            var (_, shared) = await ClassAsync(_ => prompt, TimeSpan.Zero);
            var after = await crowd.Metrics();
            effort.Add((Busy() - middle) / (middle - start));
            ratios.Add(shared / brief);
            read = Difference(before, after, "kl3m_engine_prompt_tokens_total");
            taken = Difference(before, after, "kl3m_engine_prefix_hit_tokens_total");
        }
        Row("30 clients, one long prompt: prompt tokens read", $"{read:N0}, taken over {taken:N0}");
        Row("  time to that with short prompts (1.3 or less)", $"{Median(ratios):N2} x");
        RowOfEffort("  the same by this process's CPU time", effort);
    }

    private async Task GreedyAsync(int tries)
    {
        var (idle, beside) = (new List<double>(), new List<double>());
        for (var i = 0; i < tries; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                idle.Add((await RunAsync(1, Short(), 8)).FirstToken.TotalMilliseconds);
            }
            using var stop = new CancellationTokenSource();
            // A connection of the hub may have eight streams: there fifty requests are seven users.
            var greedy = Enumerable.Range(0, 50).Select(k => TryAsync(isHere ? 2 : 2 + k / 8, new(Short(), 500, 4, seed++), stop.Token)).ToList();
            await Task.Delay(TimeSpan.FromSeconds(1));
            for (var j = 0; j < 4; j++)
            {
                beside.Add((await RunAsync(1, Short(), 8)).FirstToken.TotalMilliseconds);
            }
            await stop.CancelAsync();
            await Task.WhenAll(greedy);
        }
        Row("first token, idle engine", $"{Median(idle):N1} ms");
        Row("first token beside 100,000 tokens in 50 requests", $"{Median(beside):N1} ms, at most {beside.Max():N1}");
        Row("  ratio (3 or less)", $"{Median(beside) / Median(idle):N2} x");
    }

    private async Task CancelsAsync(int cancels)
    {
        var random = new Random(3);
        var left = 0;
        await Parallel.ForAsync(0, Class, async (client, _) =>
        {
            while (Interlocked.Increment(ref left) <= cancels)
            {
                var patience = random.Next(40);
                using var stop = new CancellationTokenSource();
                await foreach (var tokens in crowd.Ask(client, new(random.Next(2) == 0 ? Short() : Words[..random.Next(1, 2000)], 200, random.Next(1, 4), Interlocked.Increment(ref seed)), stop.Token))
                {
                    if ((patience -= tokens) <= 0)
                    {
                        break;
                    }
                }
            }
        });
        await RunAsync(0, Short(), 1);
        var after = await crowd.Metrics();
        Row($"after {cancels:N0} cancels: tokens in use, sequences in work", $"{after["kl3m_engine_kv_cache_tokens"]:N0}, {after["kl3m_engine_running"]:N0} ({after["kl3m_engine_cancelled_requests_total"]:N0} counted as cancelled)");
    }

    private async Task StepsAsync(int steps)
    {
        var (least, most, ran) = (long.MaxValue, 0L, 0.0);
        var start = (await crowd.Metrics())["kl3m_engine_step_duration_seconds_count"];
        while (ran < steps)
        {
            await ClassAsync(client => client % 3 == 0 ? Words[..(client * 60 + 1)] : Short(), TimeSpan.Zero, 200);
            ran = (await crowd.Metrics())["kl3m_engine_step_duration_seconds_count"] - start;
            if (ran > steps * 0.1)
            {
                // The first tenth is for what is set up on use.
                GC.Collect();
                var now = Resident();
                (least, most) = (Math.Min(least, now), Math.Max(most, now));
            }
        }
        Row($"resident memory over {ran:N0} steps (2 % or less)", $"{least / 1e6:N0} to {most / 1e6:N0} MB: {(most - least) * 100.0 / least:N1} %");
    }

    private async Task<(List<CrowdRun> Runs, TimeSpan Time)> ClassAsync(Func<int, string> prompt, TimeSpan spread, int tokens = Tokens)
    {
        var clock = Stopwatch.StartNew();
        var runs = await Task.WhenAll(Enumerable.Range(0, Class).Select(async client =>
        {
            await Task.Delay(spread * client / Class);
            return await RunAsync(client, prompt(client), tokens);
        }));
        return ([.. runs], clock.Elapsed);
    }

    private async Task<CrowdRun> RunAsync(int client, string prompt, int tokens)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan? first = null;
        var count = 0;
        await foreach (var more in crowd.Ask(client, new(prompt, tokens, 1, Interlocked.Increment(ref seed)), CancellationToken.None))
        {
            first ??= clock.Elapsed;
            count += more;
        }
        return count == tokens ? new(first!.Value, clock.Elapsed, count) : throw new InvalidOperationException($"{count} tokens came instead of {tokens}.");
    }

    private async Task TryAsync(int client, CrowdRequest request, CancellationToken stop)
    {
        try
        {
            await foreach (var _ in crowd.Ask(client, request, stop))
            {
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>About ten tokens, never the same twice.</summary>
    private string Short() => $"No. {Interlocked.Increment(ref seed)}. The term ";

    /// <summary>About a thousand tokens, of which no other prompt has the beginning.</summary>
    private string Long() => $"No. {Interlocked.Increment(ref seed)}. {Words[..4700]}";

    private void Row(string what, string value) => output.WriteLine($"{what,-58} {value}");

    // On a machine that others use too, CPU time says more than the clock; of a server's it says nothing here.
    private void RowOfEffort(string what, List<double> ratios)
    {
        if (isHere)
        {
            Row(what, $"{Median(ratios):N2} x");
        }
    }

    private static double Busy()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static double Difference(IReadOnlyDictionary<string, double> before, IReadOnlyDictionary<string, double> after, string name) =>
        after.GetValueOrDefault(name) - before.GetValueOrDefault(name);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static string BundledModel()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var model = Path.Combine(folder.FullName, "src", "Kl3m.Playground", "BundledModel");
            if (Directory.Exists(model))
            {
                return model;
            }
        }
        throw new DirectoryNotFoundException("The bundled model is not above this program; give --model FOLDER.");
    }
}
