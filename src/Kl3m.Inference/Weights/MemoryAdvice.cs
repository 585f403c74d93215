using System.Runtime.InteropServices;

namespace Kl3m.Inference.Weights;

/// <summary>What madvise(2) can be told of memory. Where the kernel does not take it, all stays as it was.</summary>
internal enum MemoryAdvice
{
    WillNeed = 3,
    DontNeed = 4,

    /// <summary>Pages of 2 MiB, for memory that is not written yet.</summary>
    HugePage = 14,

    /// <summary>The same for memory that is, since Linux 6.1.</summary>
    Collapse = 25,
}

internal static partial class Memory
{
    public static void Advise(nint start, long length, MemoryAdvice advice)
    {
        if (OperatingSystem.IsLinux() && length > 0)
        {
            _ = MAdvise(start, (nint)length, advice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MAdvise(nint start, nint length, MemoryAdvice advice);
}
