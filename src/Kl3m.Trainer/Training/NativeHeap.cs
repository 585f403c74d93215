using System.Runtime.InteropServices;

namespace Kl3m.Trainer.Training;

/// <summary>
/// Makes glibc keep the memory of freed tensors. A step frees and takes the same hundreds of megabytes, and pages that come fresh from
/// the kernel must be zeroed first: a tenth of the time of a step.
/// </summary>
internal static class NativeHeap
{
    private const int TrimThreshold = -1, TopPad = -2, MmapMax = -4, ArenaMax = -8; // malloc.h

    public static void KeepPages()
    {
        try
        {
            _ = Mallopt(TrimThreshold, int.MaxValue) + Mallopt(TopPad, 1 << 28) + Mallopt(MmapMax, 0) + Mallopt(ArenaMax, 1);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another libc has its own ways; this is about speed alone.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mallopt(int parameter, int value);
}
