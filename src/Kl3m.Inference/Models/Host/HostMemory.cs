using System.Runtime.InteropServices;

namespace Kl3m.Inference.Models.Host;

/// <summary>Numbers on aligned memory outside of the collected heap, as vectors want it.</summary>
internal sealed unsafe class HostMemory<T> : IDisposable where T : unmanaged
{
    private const nuint Alignment = 64;

    private T* start;

    public HostMemory(long length = 0) => Reserve(length);

    public long Length { get; private set; }

    public T* Start => start;

    /// <summary>Makes room for so many; what was in it is lost when it has to grow.</summary>
    public T* Reserve(long length)
    {
        if (length > Length)
        {
            NativeMemory.AlignedFree(start);
            start = null;
            start = (T*)NativeMemory.AlignedAlloc(checked((nuint)length * (nuint)sizeof(T)), Alignment);
            Length = length;
        }
        return start;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(start);
        start = null;
        Length = 0;
    }
}
