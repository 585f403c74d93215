using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>Section "Remotes": a list of OpenAI-compatible servers. Several entries that name the same model share its requests.</summary>
internal sealed class RemoteOptions
{
    /// <summary>The server's address without /v1, such as http://gpu1:8000.</summary>
    public string Url { get; set; } = "";

    /// <summary>The model as the server names it, such as alea-institute/kl3m-003-1.7b.</summary>
    public string Model { get; set; } = "";

    /// <summary>Sent as a bearer token; never logged.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The model's tokenizer.json, or the folder that holds it; if it is not named, the Hugging Face cache is asked for the model.</summary>
    public string? Tokenizer { get; set; }

    /// <summary>Entries of a row of logits, where that is more than the tokenizer has tokens.</summary>
    public int? VocabularySize { get; set; }

    /// <summary>Context, where the server's list of models does not tell.</summary>
    public int? ContextLength { get; set; }

    /// <summary>The most alternatives that the server gives for a token: vLLM's --max-logprobs.</summary>
    public int Alternatives { get; set; } = 20;

    /// <summary>Send requests' priorities, the teacher's before the students': for a vLLM that was started with --scheduling-policy priority. Others may refuse them.</summary>
    public bool Priority { get; set; }

    /// <summary>How long the first token may take: the server has a line of its own.</summary>
    public TimeSpan FirstToken { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a server that writes may be silent.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often health and models are asked for.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(5);

    /// <exception cref="OptionsValidationException">An entry misses something, or holds what cannot be.</exception>
    public static IReadOnlyList<RemoteOptions> Read(IConfiguration configuration)
    {
        var remotes = configuration.GetSection("Remotes").Get<RemoteOptions[]>() ?? [];
        var problems = remotes.SelectMany((remote, i) => remote.Problems().Select(problem => $"Remotes:{i}:{problem}")).ToList();
        return problems.Count == 0 ? remotes : throw new OptionsValidationException("Remotes", typeof(RemoteOptions), problems);
    }

    private IEnumerable<string> Problems()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            yield return $"Url must be an address such as http://gpu1:8000, not '{Url}'.";
        }
        if (Model.Length == 0)
        {
            yield return "Model must name a model of the server, such as alea-institute/kl3m-003-1.7b.";
        }
        if (Alternatives is < 1 or > Kl3m.Inference.GenerationRequest.MaxAlternatives)
        {
            yield return $"Alternatives must be 1 to {Kl3m.Inference.GenerationRequest.MaxAlternatives}, not {Alternatives}.";
        }
        if (FirstToken <= TimeSpan.Zero || Silence <= TimeSpan.Zero || Poll <= TimeSpan.Zero)
        {
            yield return "FirstToken, Silence and Poll must be above 0, such as 00:00:30.";
        }
    }
}
