namespace Kl3m.Tests.Shared;

/// <summary>Goldens, models and corpus, which lie in a folder beside the checkout and not in it; tests that need them skip without.</summary>
internal static class SharedFolder
{
    public static string Repository { get; } = FindRepository();

    /// <summary>The path of a file or folder below <c>../shared</c>; skips the running test where it is absent.</summary>
    public static string Require(string relativePath)
    {
        var path = Path.GetFullPath(Path.Combine(Repository, "..", "shared", relativePath));
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            Assert.Skip($"needs ../shared/{relativePath} beside the checkout");
        }
        return path;
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kl3m.Playground.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException("The tests must run below the folder that holds Kl3m.Playground.sln.");
    }
}
