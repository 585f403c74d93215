using System.Runtime.InteropServices;
using Kl3m.Inference.Weights;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// Asks the kernel for pages of 2 MiB behind large memory. Weights are read from end to end in every step, and on a virtual machine looking up pages
/// of 4 KiB takes a third of that time. Where the kernel cannot, all stays as it was.
/// </summary>
internal static unsafe partial class HugePages
{
    public const int Size = 2 << 20;

    /// <summary>
    /// Has libtorch ask for them, too, wherever a tensor takes 2 MiB or more (c10/core/impl/alloc_cpu.cpp): laying out the weights of a large model is
    /// for the most part the kernel finding new pages. To be called before libtorch is loaded; who has set the variable otherwise keeps it so.
    /// </summary>
    public static void AskForTensors()
    {
        if (OperatingSystem.IsLinux())
        {
            // .NET's own SetEnvironmentVariable does not reach what native code reads.
            _ = SetVariable("THP_MEM_ALLOC_ENABLE", "1", overwrite: 0);
        }
    }

    /// <summary>Before anything is written to it.</summary>
    public static void Ask(void* start, long length)
    {
        if (length >= 2 * Size)
        {
            Memory.Advise((nint)start, length, MemoryAdvice.HugePage);
        }
    }

    /// <summary>Moves what is there; memory beside it may be moved along.</summary>
    public static void Move(void* start, long length)
    {
        if (length < 2 * Size)
        {
            return;
        }
        for (var page = (nint)start / Size * Size; page < (nint)start + length; page += Size)
        {
            Memory.Advise(page, Size, MemoryAdvice.Collapse);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
