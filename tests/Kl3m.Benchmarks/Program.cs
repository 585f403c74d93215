using System.Globalization;
using BenchmarkDotNet.Running;
using Kl3m.Benchmarks;
using Kl3m.Benchmarks.Crowd;
using Kl3m.Benchmarks.Throughput;

switch (args)
{
    case ["load", var folder, .. var rest]:
        await LoadCommand.RunAsync(folder, rest is [var dtype, ..] ? dtype : "auto", rest is [_, var rounds] ? int.Parse(rounds, CultureInfo.InvariantCulture) : 3);
        return 0;
    case ["quality", var folder, var file, .. var rest]:
        QualityCommand.Run(folder, file, rest is [var tokens] ? int.Parse(tokens, CultureInfo.InvariantCulture) : 100_000);
        return 0;
    case ["throughput", .. var words]:
        return ThroughputCommand.Run(words);
    case ["attention", .. var rest]:
        AttentionCommand.Run(rest is [var shape, ..] ? shape : "bundled", rest is [_, var tries] ? int.Parse(tries, CultureInfo.InvariantCulture) : 200);
        return 0;
    case ["crowd", .. var words]:
        return await CrowdCommand.RunAsync(words);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
