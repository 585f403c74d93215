using BenchmarkDotNet.Running;

if (args is ["throughput", ..])
{
    Console.WriteLine("throughput is not there yet");
    return;
}
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
