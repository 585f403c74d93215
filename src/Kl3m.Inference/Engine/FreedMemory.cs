using System.Runtime.InteropServices;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Gives what libtorch has freed back to the system. glibc keeps freed tensors of up to 32 MB for itself: 1.8 GB stayed behind when a model of
/// 1.7 billion parameters had been unloaded, and the next one came on top.
/// </summary>
internal static partial class FreedMemory
{
    public static void GiveBack()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another libc has its own ways.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallocTrim(nint keep);
}
