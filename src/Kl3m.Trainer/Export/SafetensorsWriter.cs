using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Export;

/// <summary>Writes a safetensors file: length of the header, header (JSON), data, in the order given.</summary>
/// <remarks>Format: github.com/huggingface/safetensors, README, "Format".</remarks>
internal static class SafetensorsWriter
{
    /// <param name="tensors">fp32 or bf16; others are a programmer's mistake.</param>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        var entries = tensors.ToList();
        // "format" tells transformers which library's tensors these are; without it, it refuses the file.
        var header = new Dictionary<string, object> { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
        var end = 0L;
        foreach (var (name, tensor) in entries)
        {
            var begin = end;
            end += tensor.NumberOfElements * tensor.ElementSize;
            header.Add(name, new { dtype = Dtype(tensor), shape = tensor.shape, data_offsets = (long[])[begin, end] });
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = (json.Length + 7) / 8 * 8; // the data begin on a multiple of 8
        using var file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded);
        file.Write(length);
        file.Write(json);
        file.Write("        "u8[..(padded - json.Length)]);
        foreach (var (_, tensor) in entries)
        {
            using var contiguous = tensor.cpu().contiguous();
            file.Write(contiguous.bytes);
        }
        file.Flush(flushToDisk: true);
    }

    private static string Dtype(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => "F32",
        ScalarType.BFloat16 => "BF16",
        var other => throw new ArgumentException($"{other} is not written here.", nameof(tensor)),
    };
}
