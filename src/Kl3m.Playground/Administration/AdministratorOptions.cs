namespace Kl3m.Playground.Administration;

/// <summary>Section "Admin": who may change what the server holds, where others than this machine reach it.</summary>
internal sealed class AdministratorOptions
{
    /// <summary>None: nobody may, unless the app can be reached from its own machine only.</summary>
    public string? Passphrase { get; set; }
}
