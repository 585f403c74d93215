using System.Diagnostics;

namespace Kl3m.Benchmarks.Room;

/// <summary>What the app's process has used so far.</summary>
/// <param name="Busy">CPU time of all its threads.</param>
/// <param name="Resident">Bytes.</param>
internal readonly record struct ServerUse(TimeSpan Busy, long Resident)
{
    public static ServerUse Of(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return new(process.TotalProcessorTime, process.WorkingSet64);
    }
}
