using System.Globalization;

namespace Kl3m.Playground.Backends.Library;

/// <summary>The memory of a device (<c>cpu</c> or <c>cuda:N</c>); null where nothing tells it.</summary>
internal delegate DeviceMemory? ReadDeviceMemory(string device);

/// <param name="Total">Bytes that this process could have at most: the machine's, or its container's limit.</param>
/// <param name="Others">Bytes that others use and keep.</param>
public sealed record DeviceMemory(long Total, long Others)
{
    private const string ControlGroup = "/sys/fs/cgroup/memory.";

    public static DeviceMemory? Of(string device) => device == "cpu" ? OfMachine() : GpuMemory.Read(device);

    /// <summary>From /proc and, in a container with a limit, its control group (docs.kernel.org: filesystems/proc, admin-guide/cgroup-v2).</summary>
    private static DeviceMemory? OfMachine()
    {
        try
        {
            var machine = Fields("/proc/meminfo");
            var (total, free) = (machine["MemTotal"] * 1024, machine["MemAvailable"] * 1024);
            if (File.Exists(ControlGroup + "max") && long.TryParse(File.ReadAllText(ControlGroup + "max"), out var limit) && limit < total)
            {
                var used = long.Parse(File.ReadAllText(ControlGroup + "current"), CultureInfo.InvariantCulture) - Fields(ControlGroup + "stat").GetValueOrDefault("inactive_file");
                (total, free) = (limit, Math.Min(free, limit - used));
            }
            var own = Fields("/proc/self/status").GetValueOrDefault("RssAnon") * 1024;
            return new(total, Math.Max(0, total - free - own));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>"Name: 123 kB" or "name 123", by name; other lines are left out.</summary>
    private static Dictionary<string, long> Fields(string path)
    {
        var fields = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(path))
        {
            if (line.Split((char[])[' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries) is [var name, var value, ..] && long.TryParse(value, CultureInfo.InvariantCulture, out var number))
            {
                fields[name] = number;
            }
        }
        return fields;
    }
}
