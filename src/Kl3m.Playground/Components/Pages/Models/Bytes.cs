using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Components.Pages.Models;

/// <summary>Sizes as disks and the hub count them: 6.98 GB.</summary>
internal static class Bytes
{
    public static string Of(long bytes) => DownloadProgress.Size(bytes);
}
