using System.Buffers.Binary;
using System.Collections.Frozen;
using System.IO.MemoryMappedFiles;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Weights;

/// <summary>
/// A file of tensors: 8 bytes header length, a JSON header, then the tensors' bytes without gaps or overlaps. The file is
/// memory-mapped; the whole header is checked when it is opened, and a tensor's bytes are read when it is.
/// </summary>
/// <remarks>
/// Format: github.com/huggingface/safetensors, README, "Format". While it is open the file must not be cut shorter: reading a mapped page
/// that is gone ends the process.
/// </remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    /// <summary>The format's own limit on the header.</summary>
    private const int MaxHeaderBytes = 100_000_000;

    /// <summary>What the disk fetches while the tensor before is converted and laid out.</summary>
    private const long ReadAhead = 256 << 20;

    private const long Piece = 4 << 20;

    private static readonly FrozenDictionary<string, int> BitsByDtype = new Dictionary<string, int>
    {
        ["BOOL"] = 8, ["U8"] = 8, ["I8"] = 8, ["F8_E4M3"] = 8, ["F8_E5M2"] = 8, ["F8_E8M0"] = 8, ["F4"] = 4, ["F6_E2M3"] = 6, ["F6_E3M2"] = 6,
        ["I16"] = 16, ["U16"] = 16, ["F16"] = 16, ["BF16"] = 16, ["I32"] = 32, ["U32"] = 32, ["F32"] = 32,
        ["I64"] = 64, ["U64"] = 64, ["F64"] = 64, ["C64"] = 64,
    }.ToFrozenDictionary();

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* data;
    private readonly long dataLength;

    private SafetensorsFile(string name, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* start, long length)
    {
        (Name, this.map, this.view) = (name, map, view);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new(start, 8));
        if (headerLength > (ulong)Math.Min(MaxHeaderBytes, length - 8))
        {
            throw new ModelFileException(name, "header length", $"{headerLength} is more than the file's {length - 8} bytes or the format's {MaxHeaderBytes}.");
        }
        var header = new ReadOnlySpan<byte>(start + 8, (int)headerLength);
        if (header is not [(byte)'{', ..])
        {
            throw new ModelFileException(name, "header", "must begin with '{'.");
        }
        data = start + 8 + headerLength;
        dataLength = length - 8 - (long)headerLength;
        Tensors = ReadHeader(JsonFields.Parse(name, header), dataLength);
    }

    /// <summary>The file's name, without its folder.</summary>
    public string Name { get; }

    /// <summary>What the file holds, by Hugging Face's names.</summary>
    public IReadOnlyDictionary<string, Entry> Tensors { get; }

    /// <param name="Dtype">As the format spells it: F32, F16, BF16, ...</param>
    /// <param name="Begin">First byte, counted from the end of the header.</param>
    public sealed record Entry(string Dtype, long[] Shape, long Begin, long End)
    {
        public long Length => End - Begin;
    }

    /// <exception cref="ModelFileException">The file is missing, cut short, or its header breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        var name = Path.GetFileName(path);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var length = stream.Length;
            if (length < 8)
            {
                throw new ModelFileException(name, "length", $"{length} bytes are too few for a safetensors file.");
            }
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new SafetensorsFile(name, map, view, start + view.PointerOffset, length);
        }
        catch (Exception e)
        {
            if (start != null)
            {
                view!.SafeMemoryMappedViewHandle.ReleasePointer();
            }
            view?.Dispose();
            map?.Dispose();
            if (e is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new ModelFileException(name, "file", $"is missing from {Path.GetDirectoryName(path)}.", e);
            }
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new ModelFileException(name, "file", $"cannot be read: {e.Message}", e);
            }
            throw;
        }
    }

    /// <summary>
    /// A copy of a tensor in the type and on the device asked for. fp32, fp16 and bf16 are read; other types are refused here and not
    /// before, so that a file may hold what nobody takes.
    /// </summary>
    /// <exception cref="ModelFileException">There is no such tensor, or its type is not one of the three.</exception>
    public Tensor Read(string name, ScalarType dtype, Device device)
    {
        var entry = Tensors.TryGetValue(name, out var found) ? found : throw new ModelFileException(Name, name, "is missing.");
        var stored = entry.Dtype switch
        {
            "F32" => ScalarType.Float32,
            "F16" => ScalarType.Float16,
            "BF16" => ScalarType.BFloat16,
            _ => throw new ModelFileException(Name, name, $"has the type {entry.Dtype}; only F32, F16 and BF16 weights are implemented."),
        };
        MappedPages.WillNeed(data + entry.Begin, Math.Min(entry.Length + ReadAhead, dataLength - entry.Begin));
        // From fp32 to bf16 on the way, so that a weight never stands in memory as fp32; other pairs are rare and go through libtorch.
        var isRounded = stored == ScalarType.Float32 && dtype == ScalarType.BFloat16;
        var copy = empty(entry.Shape, isRounded ? ScalarType.BFloat16 : stored, CPU);
        try
        {
            if (entry.Length > 0)
            {
                using var flat = copy.view(-1);
                Fill(flat, data + entry.Begin, entry.Length, isRounded);
            }
            return copy.to(dtype, device, disposeAfter: true);
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
    }

    /// <summary>Piece by piece, on several cores, each piece's pages given back behind it.</summary>
    private static void Fill(Tensor flat, byte* source, long length, bool round)
    {
        var target = (byte*)DataPointer(flat);
        Parallel.For(0, (int)((length + Piece - 1) / Piece), piece =>
        {
            var done = piece * Piece;
            var count = (int)Math.Min(Piece, length - done);
            if (round)
            {
                Bf16.Narrow((float*)(source + done), count / sizeof(float), (ushort*)(target + done / 2));
            }
            else
            {
                new ReadOnlySpan<byte>(source + done, count).CopyTo(new(target + done, count));
            }
            MappedPages.DontNeed(source + done, count);
        });
    }

    /// <summary>A span of bytes ends at 2 GB; a tensor does not, but one of its elements tells where it begins.</summary>
    private static nint DataPointer(Tensor flat)
    {
        using var first = flat.narrow(0, 0, 1);
        fixed (byte* pointer = first.bytes)
        {
            return (nint)pointer;
        }
    }

    private static FrozenDictionary<string, Entry> ReadHeader(JsonFields header, long dataLength)
    {
        var tensors = new Dictionary<string, Entry>();
        foreach (var (name, value) in header.Fields)
        {
            if (name == "__metadata__")
            {
                var metadata = header.Object(name, value);
                foreach (var (key, text) in metadata.Fields)
                {
                    _ = metadata.String(key, text);
                }
                continue;
            }
            tensors.Add(name, ReadEntry(header, name, value, dataLength));
        }
        CheckLayout(header, tensors, dataLength);
        return tensors.ToFrozenDictionary();
    }

    private static Entry ReadEntry(JsonFields header, string name, JsonElement value, long dataLength)
    {
        var fields = header.Object(name, value);
        var dtype = fields.TryGet("dtype", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "";
        if (!BitsByDtype.TryGetValue(dtype, out var bits))
        {
            throw header.Wrong(name, $"dtype must be one of {string.Join(", ", BitsByDtype.Keys.Order())}.");
        }
        var shape = Numbers(header, name, fields, "shape", maxCount: 64);
        if (Numbers(header, name, fields, "data_offsets", maxCount: 2) is not [var begin, var end])
        {
            throw header.Wrong(name, "data_offsets must be two numbers.");
        }
        if (begin > end || end > dataLength)
        {
            throw header.Wrong(name, $"data_offsets [{begin}, {end}] must ascend and end within the data ({dataLength} bytes).");
        }
        // In 128 bits and stopped at the file's size, so that no product of sizes can wrap around.
        UInt128 size = (UInt128)bits;
        foreach (var dimension in shape)
        {
            size = shape.Contains(0) ? 0 : size * (UInt128)dimension;
            if (size > (UInt128)dataLength * 8)
            {
                throw header.Wrong(name, $"shape [{string.Join(", ", shape)}] is more than the file holds.");
            }
        }
        if (size != (UInt128)(end - begin) * 8)
        {
            throw header.Wrong(name, $"shape [{string.Join(", ", shape)}] of {dtype} is not the {end - begin} bytes that data_offsets give it.");
        }
        return new Entry(dtype, shape, begin, end);
    }

    private static long[] Numbers(JsonFields header, string name, JsonFields fields, string field, int maxCount)
    {
        if (!fields.TryGet(field, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > maxCount)
        {
            throw header.Wrong(name, $"{field} must be a list of at most {maxCount} numbers.");
        }
        return [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
            ? number
            : throw header.Wrong(name, $"{field} must hold whole numbers from 0 on, not {JsonFields.Text(item)}."))];
    }

    private static void CheckLayout(JsonFields header, Dictionary<string, Entry> tensors, long dataLength)
    {
        var end = 0L;
        foreach (var (name, entry) in tensors.OrderBy(tensor => tensor.Value.Begin).ThenBy(tensor => tensor.Value.End))
        {
            if (entry.Begin != end)
            {
                throw header.Wrong(name, $"its data begin at {entry.Begin}, {(entry.Begin < end ? "inside another tensor's" : "behind a gap")}; expected {end}.");
            }
            end = entry.End;
        }
        if (end != dataLength)
        {
            throw header.Wrong("header", $"describes {end} bytes of data, and the file has {dataLength}.");
        }
    }
}
