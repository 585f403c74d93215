namespace Kl3m.Playground.Backends.Library;

/// <summary>Where a model stands between the hub and an answer.</summary>
public enum ModelCondition
{
    /// <summary>On the hub; nothing of it is here.</summary>
    Away,

    /// <summary>A download was broken off; what came is kept.</summary>
    Partial,

    Here,

    /// <summary>In line behind another download or load.</summary>
    Waiting,

    Downloading,

    Loading,

    Loaded,

    /// <summary>No new generations; those that run may end.</summary>
    Unloading,

    /// <summary>It lies here and can't be loaded.</summary>
    Refused,
}

public enum ModelSource
{
    /// <summary>Comes with the app; never deleted.</summary>
    Bundled,

    /// <summary>The hub, or the cache that all of its tools share.</summary>
    Hub,

    /// <summary>A folder of this machine; never deleted from here.</summary>
    Folder,

    /// <summary>Another server's, by configuration; neither loaded nor unloaded here.</summary>
    Remote,
}
