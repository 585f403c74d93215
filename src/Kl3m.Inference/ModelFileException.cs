namespace Kl3m.Inference;

/// <summary>A file of a model folder is not what it should be: which file, which field of it, and what to do about it.</summary>
public sealed class ModelFileException(string file, string field, string problem, Exception? inner = null)
    : Exception($"{file}: {field}: {problem}", inner)
{
    public string File { get; } = file;

    public string Field { get; } = field;
}
