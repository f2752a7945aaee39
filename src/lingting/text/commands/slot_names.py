"""Rooms and programs by the names that people use for them; a pack may add its own."""

from __future__ import annotations

__all__ = ["APPS", "ROOMS"]

ROOMS: dict[str, tuple[str, ...]] = {
    "living_room": ("客厅", "起居室", "living room", "lounge", "sitting room"),
    "bedroom": ("卧室", "睡房", "bedroom"),
    "main_bedroom": ("主卧", "主卧室", "main bedroom", "master bedroom"),
    "guest_room": ("次卧", "客房", "guest room", "guest bedroom", "spare room"),
    "kids_room": ("儿童房", "孩子房间", "kids room", "childrens room", "nursery"),
    "kitchen": ("厨房", "kitchen"),
    "dining_room": ("餐厅", "饭厅", "dining room"),
    "bathroom": ("卫生间", "浴室", "洗手间", "厕所", "bathroom", "restroom"),
    "study": ("书房", "办公室", "study", "office"),
    "balcony": ("阳台", "balcony", "terrace"),
    "hallway": ("走廊", "过道", "玄关", "门厅", "hallway", "hall", "corridor", "entrance"),
    "garage": ("车库", "garage"),
    "garden": ("花园", "院子", "garden", "yard", "backyard"),
    "basement": ("地下室", "basement", "cellar"),
}
APPS: dict[str, tuple[str, ...]] = {
    "wechat": ("微信", "wechat"),
    "qq": ("qq",),
    "dingtalk": ("钉钉", "dingtalk"),
    "browser": ("浏览器", "谷歌浏览器", "chrome", "browser", "web browser", "firefox", "edge", "safari"),
    "calculator": ("计算器", "calculator"),
    "notepad": ("记事本", "notepad"),
    "calendar": ("日历", "calendar"),
    "mail": ("邮箱", "邮件", "mail", "email", "outlook"),
    "music_player": ("音乐播放器", "播放器", "网易云音乐", "qq音乐", "music player", "spotify"),
    "terminal": ("终端", "命令行", "terminal", "command prompt", "console"),
    "files": ("文件管理器", "资源管理器", "我的电脑", "file manager", "file explorer", "explorer", "finder"),
    "settings": ("设置", "系统设置", "控制面板", "settings", "control panel", "system settings"),
    "camera": ("相机", "摄像头", "camera"),
    "photos": ("相册", "照片", "photos", "gallery"),
    "maps": ("地图", "高德地图", "百度地图", "maps"),
    "word": ("word", "文档"),
    "excel": ("excel", "表格"),
    "powerpoint": ("ppt", "powerpoint", "幻灯片"),
    "editor": ("编辑器", "代码编辑器", "text editor", "editor", "code editor", "vs code"),
    "task_manager": ("任务管理器", "task manager"),
    "clock": ("时钟", "闹钟", "clock"),
    "weather": ("天气", "weather"),
}
