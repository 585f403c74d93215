using System.Globalization;
using BenchmarkDotNet.Running;
using Kl3m.Benchmarks;

switch (args)
{
    case ["load", var folder, .. var rest]:
        await LoadCommand.RunAsync(folder, rest is [var dtype, ..] ? dtype : "auto", rest is [_, var rounds] ? int.Parse(rounds, CultureInfo.InvariantCulture) : 3);
        break;
    case ["throughput", ..]:
        Console.WriteLine("throughput is not there yet");
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
