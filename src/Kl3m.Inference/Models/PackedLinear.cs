using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// oneDNN's linear over weights that were laid out for it once, instead of at every call: about twice as fast on a CPU, with the same
/// result up to rounding. TorchSharp binds no such operator, but a TorchScript module may name any that libtorch has; this one is written here.
/// </summary>
internal static class PackedLinear
{
    private const string Source =
        """
        class M(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.M, w: Tensor) -> Tensor:
            return ops.mkldnn._reorder_linear_weight(w, 1)
          def linear(self: __torch__.M, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, w, b, 'none', [], '')

        """;

    private static readonly Lazy<jit.ScriptModule?> Module = new(Load);

    /// <summary>Whether weights of this type on this device can be packed, and multiply faster for it.</summary>
    public static bool Serves(ScalarType dtype, Device device) => device.type == DeviceType.CPU
        && (dtype == ScalarType.Float32 || (dtype == ScalarType.BFloat16 && MultipliesBf16))
        && Module.Value is not null;

    /// <summary>CPUID leaf 7, subleaf 1, EAX bit 5: AVX512_BF16. Without it bf16 is emulated and slower than fp32.</summary>
    public static bool MultipliesBf16 { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <param name="weight">[out, in].</param>
    /// <returns>The same numbers in a layout that only <see cref="Apply"/> reads.</returns>
    public static Tensor Pack(Tensor weight) => (Tensor)Module.Value!.invoke("pack", weight);

    public static Tensor Apply(Tensor x, Tensor packed, Tensor? bias) => (Tensor)Module.Value!.invoke("linear", x, packed, bias!);

    private static jit.ScriptModule? Load()
    {
        // A name that some other libtorch lacks would end the process, not throw.
        if (Environment.GetEnvironmentVariable("LIBTORCH_PATH") is { Length: > 0 })
        {
            return null;
        }
        try
        {
            var module = jit.load(Archive());
            using var _ = inference_mode();
            using var weight = ones(16, 16);
            using var packed = (Tensor)module.invoke("pack", weight);
            using var result = (Tensor)module.invoke("linear", weight, packed, null!);
            return module;
        }
        catch (ExternalException)
        {
            return null;
        }
    }

    /// <summary>A saved TorchScript module without attributes: the pickles say "an empty M" and "an empty tuple".</summary>
    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            void Add(string name, byte[] content)
            {
                using var entry = zip.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
            Add("data.pkl", [0x80, 2, .. "c__torch__\nM\n"u8, (byte)'q', 0, (byte)')', 0x81, (byte)'}', (byte)'(', (byte)'X', 8, 0, 0, 0, .. "training"u8, 0x89, (byte)'u', (byte)'b', (byte)'.']);
            Add("code/__torch__.py", Encoding.UTF8.GetBytes(Source));
            Add("constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
            Add("version", "3\n"u8.ToArray());
            Add("byteorder", "little"u8.ToArray());
        }
        return stream.ToArray();
    }
}
