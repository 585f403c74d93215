using System.Text.RegularExpressions;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Weights;

/// <summary>
/// The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json names. Each tensor is taken
/// once, by its Hugging Face name; <see cref="EnsureAllTaken"/> then makes sure that none was left over.
/// </summary>
public sealed partial class Checkpoint : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, SafetensorsFile> left = [];
    private readonly string name;
    private long takenBytes;

    private Checkpoint(string name) => this.name = name;

    /// <summary>Bytes of all tensors in the files.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>How much of <see cref="TotalBytes"/> has been taken, 0 to 1.</summary>
    public double Progress => TotalBytes == 0 ? 1 : (double)takenBytes / TotalBytes;

    /// <exception cref="ModelFileException">There are no safetensors, or a file is not what it should be.</exception>
    public static Checkpoint Open(string folder)
    {
        // A whole file wins over an index, as in transformers.
        if (File.Exists(Path.Combine(folder, SingleFile)))
        {
            return Open(SingleFile, checkpoint => checkpoint.Add(folder, SingleFile));
        }
        if (File.Exists(Path.Combine(folder, IndexFile)))
        {
            return Open(IndexFile, checkpoint => checkpoint.AddShards(folder, JsonFields.Load(Path.Combine(folder, IndexFile))));
        }
        var pickle = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Select(Path.GetFileName).FirstOrDefault(name => PickleName().IsMatch(name!))
            : throw new ModelFileException(SingleFile, "folder", $"{folder} does not exist.");
        throw pickle is null
            ? new ModelFileException(SingleFile, "file", $"is missing from {folder}, and so is {IndexFile}.")
            : new ModelFileException(pickle, "file", "is a Python pickle, which can run code when it is opened, so it never is. "
                + "Convert the model to safetensors: save_pretrained(folder, safe_serialization=True) in transformers.");
    }

    /// <summary>A tensor, converted while it is read; at most one is held twice at a time.</summary>
    /// <exception cref="ModelFileException">It is missing, was taken before, or has another shape or a type that is not implemented.</exception>
    public Tensor Take(string name, long[] shape, ScalarType dtype, Device device)
    {
        if (!left.TryGetValue(name, out var file))
        {
            throw new ModelFileException(this.name, name, "is missing.");
        }
        var entry = file.Tensors[name];
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new ModelFileException(file.Name, name, $"has the shape [{string.Join(", ", entry.Shape)}]; config.json asks for [{string.Join(", ", shape)}].");
        }
        var tensor = file.Read(name, dtype, device);
        left.Remove(name);
        takenBytes += entry.Length;
        return tensor;
    }

    /// <summary>Old checkpoints also hold the attention mask and the rotary frequencies, which are no weights; the rest must have been taken.</summary>
    /// <exception cref="ModelFileException">The first tensor that was not.</exception>
    public void EnsureAllTaken()
    {
        var unasked = left.Keys.Where(name => !LegacyBuffer().IsMatch(name)).Order(StringComparer.Ordinal).ToList();
        if (unasked is [var first, ..])
        {
            var more = unasked.Count == 1 ? "" : $" So are {unasked.Count - 1} more: {string.Join(", ", unasked.Skip(1).Take(5))}{(unasked.Count > 6 ? ", ..." : "")}.";
            throw new ModelFileException(left[first].Name, first, $"is no weight of the model that config.json describes.{more}");
        }
    }

    public void Dispose() => files.ForEach(file => file.Dispose());

    private static Checkpoint Open(string name, Action<Checkpoint> add)
    {
        var checkpoint = new Checkpoint(name);
        try
        {
            add(checkpoint);
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private SafetensorsFile Add(string folder, string fileName)
    {
        var file = SafetensorsFile.Open(Path.Combine(folder, fileName));
        files.Add(file);
        foreach (var (name, entry) in file.Tensors)
        {
            if (!left.TryAdd(name, file))
            {
                throw new ModelFileException(fileName, name, $"is in {left[name].Name} too.");
            }
            TotalBytes += entry.Length;
        }
        return file;
    }

    private void AddShards(string folder, JsonFields index)
    {
        var map = index.Object("weight_map");
        var fileByTensor = map.Fields.Select(field => (Tensor: field.Name, File: ShardName(map, field.Name, map.String(field.Name, field.Value)))).ToList();
        if (fileByTensor.Count == 0)
        {
            throw index.Wrong("weight_map", "is empty.");
        }
        var shards = fileByTensor.Select(pair => pair.File).Distinct().Order(StringComparer.Ordinal).ToDictionary(name => name, name => Add(folder, name));
        foreach (var (tensor, file) in fileByTensor)
        {
            if (!shards[file].Tensors.ContainsKey(tensor))
            {
                throw index.Wrong(tensor, $"is not in {file}.");
            }
        }
        if (left.Keys.Except(fileByTensor.Select(pair => pair.Tensor)).FirstOrDefault() is { } unlisted)
        {
            throw new ModelFileException(left[unlisted].Name, unlisted, $"is not in the weight_map of {index.File}.");
        }
    }

    /// <summary>The index comes from the same stranger as the rest: it may name files of its own folder and no others.</summary>
    private static string ShardName(JsonFields map, string tensor, string name) => ShardName().IsMatch(name)
        ? name
        : throw map.Wrong(tensor, "must name a .safetensors file in the same folder, without a path.");

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\.safetensors\z")]
    private static partial Regex ShardName();

    [GeneratedRegex(@"^(pytorch_model.*\.bin(\.index\.json)?|.*\.(pt|pth|ckpt|bin))\z")]
    private static partial Regex PickleName();

    [GeneratedRegex(@"^gpt_neox\.layers\.[0-9]+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)\z")]
    private static partial Regex LegacyBuffer();
}
