using System.Runtime.InteropServices;

namespace Kl3m.Inference.Weights;

/// <summary>
/// Tells the system which pages of a mapped file are wanted soon and which no longer: reading runs ahead of converting, and a file of 7 GB does
/// not stand in memory beside the weights that were made of it. Advice only (madvise(2)): without it everything works, with more memory.
/// </summary>
internal static unsafe partial class MappedPages
{
    private const int WillNeedAdvice = 3;
    private const int DontNeedAdvice = 4;

    public static void WillNeed(byte* start, long length)
    {
        var first = (nint)start & ~((nint)Environment.SystemPageSize - 1);
        Advise(first, (nint)start + (nint)length - first, WillNeedAdvice);
    }

    /// <summary>Whole pages inside the range; they would be read again if they were looked at.</summary>
    public static void DontNeed(byte* start, long length)
    {
        nint page = Environment.SystemPageSize;
        var first = ((nint)start + page - 1) & ~(page - 1);
        var last = ((nint)start + (nint)length) & ~(page - 1);
        Advise(first, last - first, DontNeedAdvice);
    }

    private static void Advise(nint start, nint length, int advice)
    {
        if (OperatingSystem.IsLinux() && length > 0)
        {
            _ = MAdvise(start, length, advice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MAdvise(nint start, nint length, int advice);
}
