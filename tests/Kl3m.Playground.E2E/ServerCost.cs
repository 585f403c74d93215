using System.Diagnostics;
using System.Globalization;

namespace Kl3m.Playground.E2E;

/// <summary>What a process takes of the machine.</summary>
internal sealed class ServerCost(int processId) : IDisposable
{
    private readonly Process process = Process.GetProcessById(processId);

    /// <summary>Resident memory.</summary>
    public double Megabytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1e6;
        }
    }

    private TimeSpan Used
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public Span Start() => new(this, Used, Stopwatch.StartNew());

    public void Dispose() => process.Dispose();

    /// <summary>From a moment on.</summary>
    internal sealed record Span(ServerCost Server, TimeSpan From, Stopwatch Clock)
    {
        public double Seconds => Clock.Elapsed.TotalSeconds;

        /// <summary>Of one core.</summary>
        public double Share => (Server.Used - From) / Clock.Elapsed;

        public string Words => string.Create(CultureInfo.InvariantCulture, $"server {(Server.Used - From).TotalSeconds:0.0} s in {Seconds:0.0} s, {Share:P0} of a core");
    }
}
