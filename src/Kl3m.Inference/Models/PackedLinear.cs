using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// oneDNN's linear over weights that were laid out for it once, instead of at every call: about twice as fast on a CPU, with the same
/// result up to rounding. TorchSharp binds no such operator; libtorch's own C interface (torch/csrc/inductor/aoti_torch/c) does.
/// </summary>
internal static unsafe partial class PackedLinear
{
    private const string Library = "torch_cpu";

    /// <summary>CPUID leaf 7, subleaf 1, EAX bit 5: AVX512_BF16. Without it bf16 is emulated and slower than fp32.</summary>
    public static bool MultipliesBf16 { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    private static bool IsThere { get; } = Try();

    /// <summary>Whether weights of this type on this device can be packed, and multiply faster for it.</summary>
    public static bool Serves(ScalarType dtype, Device device) => device.type == DeviceType.CPU && IsThere
        && (dtype == ScalarType.Float32 || (dtype == ScalarType.BFloat16 && MultipliesBf16));

    /// <param name="weight">[out, in].</param>
    /// <returns>The same numbers in a layout that only <see cref="Apply"/> reads.</returns>
    public static Tensor Pack(Tensor weight)
    {
        // The call takes its arguments over, hence a handle of its own; the second is the expected batch, left open.
        Check(NewTensorHandle(weight.Handle, out var handle));
        var stack = stackalloc nint[] { handle, 0 };
        fixed (byte* name = "mkldnn::_reorder_linear_weight\0"u8, overload = "\0"u8)
        {
            Check(CallDispatcher(name, overload, stack));
        }
        GC.KeepAlive(weight);
        return Tensor.UnsafeCreateTensor(stack[0]);
    }

    /// <param name="x">[N, in].</param>
    /// <returns>x W^T + b, [N, out].</returns>
    public static Tensor Apply(Tensor x, Tensor packed, Tensor? bias)
    {
        var biasHandle = bias?.Handle ?? 0;
        fixed (byte* activation = "none\0"u8)
        {
            Check(LinearPointwise(x.Handle, packed.Handle, bias is null ? null : &biasHandle, activation, null, 0, null, out var result));
            GC.KeepAlive(x);
            return Tensor.UnsafeCreateTensor(result);
        }
    }

    /// <summary>A tensor over memory that is not its own, [rows, columns] in bf16.</summary>
    public static Tensor View(ushort* memory, long rows, long columns)
    {
        var sizes = stackalloc long[] { rows, columns };
        var strides = stackalloc long[] { columns, 1 };
        Check(CreateTensorFromBlob(memory, 2, sizes, strides, 0, (int)ScalarType.BFloat16, (int)DeviceType.CPU, -1, out var result));
        return Tensor.UnsafeCreateTensor(result);
    }

    /// <summary>Where a dense tensor's numbers lie, while it lives.</summary>
    public static void* Data(Tensor tensor)
    {
        Check(GetDataPointer(tensor.Handle, out var data));
        return data;
    }

    /// <summary>Where the numbers of a packed weight lie, in oneDNN's own order; null where libtorch does not tell.</summary>
    public static void* PackedData(Tensor packed)
    {
        try
        {
            return PackedPointer(packed.Handle);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static bool Try()
    {
        try
        {
            using var weight = ones(16, 16);
            using var packed = Pack(weight);
            using var result = Apply(weight, packed, null);
            return result.sum().item<float>() == 16 * 16 * 16;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new InvalidOperationException("libtorch refused a packed linear; it gives its reason on standard error.");
        }
    }

    [LibraryImport(Library, EntryPoint = "aoti_torch_new_tensor_handle"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int NewTensorHandle(nint tensor, out nint handle);

    [LibraryImport(Library, EntryPoint = "aoti_torch_call_dispatcher"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int CallDispatcher(byte* name, byte* overload, nint* stack);

    [LibraryImport(Library, EntryPoint = "aoti_torch_cpu__linear_pointwise"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int LinearPointwise(nint x, nint weight, nint* bias, byte* activation, double** scalars, long scalarCount, byte** algorithm, out nint result);

    [LibraryImport(Library, EntryPoint = "aoti_torch_create_tensor_from_blob"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int CreateTensorFromBlob(void* data, long dimensions, long* sizes, long* strides, long offset, int dtype, int deviceType, int deviceIndex, out nint result);

    [LibraryImport(Library, EntryPoint = "aoti_torch_get_data_ptr"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int GetDataPointer(nint tensor, out void* data);

    /// <summary>at::native::data_ptr_from_mkldnn(Tensor const&amp;), under the name that its compiler gave it.</summary>
    [LibraryImport(Library, EntryPoint = "_ZN2at6native20data_ptr_from_mkldnnERKNS_6TensorE"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial void* PackedPointer(nint tensor);
}
