using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>Numbers on aligned memory outside of the collected heap, as vectors want it.</summary>
internal sealed unsafe class HostMemory<T> : IDisposable where T : unmanaged
{
    private const nuint Vector = 64;

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
            var bytes = checked(length * sizeof(T));
            start = (T*)NativeMemory.AlignedAlloc((nuint)bytes, bytes >= 2 * HugePages.Size ? HugePages.Size : Vector);
            HugePages.Ask(start, bytes);
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

internal static unsafe class HostMemory
{
    /// <summary>The numbers of an fp32 tensor.</summary>
    public static HostMemory<float> Copy(Tensor tensor)
    {
        var copy = new HostMemory<float>(tensor.NumberOfElements);
        tensor.data<float>().CopyTo(new Span<float>(copy.Start, (int)copy.Length));
        return copy;
    }

    /// <summary>The numbers of an fp32 tensor, or zeros for none, with zeros behind them up to a multiple.</summary>
    public static HostMemory<float> Padded(Tensor? tensor, int length, int multiple)
    {
        var copy = new HostMemory<float>((length + multiple - 1) / multiple * multiple);
        new Span<float>(copy.Start, (int)copy.Length).Clear();
        tensor?.data<float>().CopyTo(new Span<float>(copy.Start, length));
        return copy;
    }
}
