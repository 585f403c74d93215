using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Kl3m.Playground.Backends.Library;

/// <summary>
/// A GPU's memory as NVIDIA's driver tells it (NVML, docs.nvidia.com/deploy/nvml-api). TorchSharp has no call for it. The driver counts what this
/// process holds as used, too: with a model loaded, "others" is too high rather than too low.
/// </summary>
internal static class GpuMemory
{
    private const string Library = "libnvidia-ml.so.1";

    /// <param name="device"><c>cuda:N</c>, counted within CUDA_VISIBLE_DEVICES where that is set.</param>
    public static DeviceMemory? Read(string device)
    {
        try
        {
            return Initialize() == 0 && Handle(device) is { } handle && MemoryOf(handle, out var memory) == 0 ? new((long)memory.Total, (long)memory.Used) : null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return null;
        }
    }

    private static nint? Handle(string device)
    {
        var index = int.Parse(device.AsSpan(device.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
        var visible = Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (visible is null)
        {
            return ByIndex((uint)index, out var handle) == 0 ? handle : null;
        }
        if (index >= visible.Length)
        {
            return null;
        }
        return uint.TryParse(visible[index], CultureInfo.InvariantCulture, out var physical)
            ? ByIndex(physical, out var numbered) == 0 ? numbered : null
            : ByName([.. Encoding.UTF8.GetBytes(visible[index]), 0], out var named) == 0 ? named : null;
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories), DllImport(Library, EntryPoint = "nvmlInit_v2")]
    private static extern int Initialize();

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories), DllImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static extern int ByIndex(uint index, out nint handle);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories), DllImport(Library, EntryPoint = "nvmlDeviceGetHandleByUUID")]
    private static extern int ByName(byte[] name, out nint handle);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories), DllImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static extern int MemoryOf(nint handle, out Memory memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
