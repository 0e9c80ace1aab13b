from world import FOLDER, mark

mark(FOLDER)
