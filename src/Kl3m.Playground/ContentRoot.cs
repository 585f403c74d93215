namespace Kl3m.Playground;

/// <summary>Where wwwroot/ and appsettings.json lie, whatever the working directory is.</summary>
internal static class ContentRoot
{
    /// <summary>The published folder if this is one (it holds wwwroot/), else the repository's root above the build output.</summary>
    public static string Find(string start)
    {
        if (Directory.Exists(Path.Combine(start, "wwwroot")))
        {
            return start;
        }
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kl3m.Playground.sln")))
            {
                return folder.FullName;
            }
        }
        return start;
    }
}
