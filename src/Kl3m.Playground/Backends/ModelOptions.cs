using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Section "Model": which model is served. With neither, the small one that comes with the app.</summary>
public sealed class ModelOptions
{
    /// <summary>A Hugging Face model folder on this machine; relative paths are relative to the working directory.</summary>
    [MinLength(1)]
    public string? Path { get; set; }

    /// <summary>A hub id, such as alea-institute/kl3m-003-1.7b, that lies in the Hugging Face cache; beside Path only the name that clients see.</summary>
    [MinLength(1)]
    public string? Id { get; set; }
}

[OptionsValidator]
internal sealed partial class ModelOptionsValidator : IValidateOptions<ModelOptions>;
