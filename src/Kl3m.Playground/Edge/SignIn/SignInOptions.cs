using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge.SignIn;

/// <summary>Section "Access:OpenIdConnect": people sign in at their organisation's provider before they get a page.</summary>
internal sealed class SignInOptions
{
    public const string Section = "Access:OpenIdConnect";

    /// <summary>The provider's issuer address, such as https://login.example.edu/realms/law; its discovery document lies behind it.</summary>
    public string Authority { get; set; } = "";

    /// <summary>This app's name at the provider, where its redirect address is registered: https://the-public-host/access/callback.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>None for a public client: PKCE is used either way. Never logged.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>What the provider is asked for, separated by spaces.</summary>
    public string Scope { get; set; } = "openid profile";

    /// <summary>A claim of the id token, such as groups, that must have one of <see cref="Values"/>; none lets in whoever the provider knows.</summary>
    public string? Claim { get; set; }

    public IReadOnlyList<string> Values { get; set; } = [];

    public bool IsSet => Authority.Length > 0;

    /// <exception cref="OptionsValidationException">The section is there and wrong; each problem names its key.</exception>
    public static SignInOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var options = section.Get<SignInOptions>() ?? new();
        var problems = section.Exists() ? options.Problems(section).Select(problem => $"{Section}:{problem}").ToList() : [];
        return problems.Count == 0 ? options : throw new OptionsValidationException(Section, typeof(SignInOptions), problems);
    }

    private IEnumerable<string> Problems(IConfigurationSection section)
    {
        string[] known = [nameof(Authority), nameof(ClientId), nameof(ClientSecret), nameof(Scope), nameof(Claim), nameof(Values)];
        foreach (var key in section.GetChildren().Select(child => child.Key).Where(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase)))
        {
            yield return $"{key} is no setting; there are {string.Join(", ", known)}.";
        }
        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var authority) || authority.Scheme is not ("http" or "https"))
        {
            yield return $"{nameof(Authority)} must be the provider's address, such as https://login.example.edu, not '{Authority}'.";
        }
        else if (authority.Scheme == "http" && !Exposure.IsLoopbackHost(authority.Host))
        {
            yield return $"{nameof(Authority)} must begin with https://: who is on the way could sign in as anybody. Plain http is for this machine only.";
        }
        if (ClientId.Length == 0)
        {
            yield return $"{nameof(ClientId)} must be this app's name at the provider.";
        }
        if (!Scope.Split(' ').Contains("openid"))
        {
            yield return $"{nameof(Scope)} must contain openid, such as 'openid profile', not '{Scope}'.";
        }
        if (string.IsNullOrEmpty(Claim) != (Values.Count == 0))
        {
            yield return string.IsNullOrEmpty(Claim)
                ? $"{nameof(Values)} needs {nameof(Claim)}, the claim that must have one of them."
                : $"{nameof(Claim)} needs {nameof(Values)}: Values:0, Values:1, ..., one of which {Claim} must have.";
        }
    }
}
